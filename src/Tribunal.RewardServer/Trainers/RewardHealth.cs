using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;

namespace Tribunal.RewardServer.Trainers;

/// <summary>What <c>/healthz</c> says.</summary>
/// <param name="Ready">Whether the judge answers.</param>
/// <param name="Detail">What it said.</param>
/// <param name="Waiting">Rollouts gathering or being judged.</param>
/// <param name="Judgements">Judgements drawn since the start.</param>
/// <param name="Remembered">Questions that cost nothing.</param>
public sealed record RewardHealth(bool Ready, string Detail, int Waiting, long Judgements, long Remembered);
