using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Cli.Doctor;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Inference;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal doctor</c>: is everything reachable and well configured.</summary>
internal sealed class DoctorCommand
{
    private readonly Option<DirectoryInfo> _output = new("--output", "-o") { Description = "Where runs are to go.", DefaultValueFactory = static _ => new DirectoryInfo("."), HelpName = "DIR" };
    private readonly Option<string> _meta = new("--meta") { Description = "The meta reward model: none, or its address.", DefaultValueFactory = static _ => "none", HelpName = "none|URL" };
    private readonly Option<string?> _storage = RemoteRuns.StorageOption("Left out: the environment's, if it names one.");
    private readonly Option<string?> _azure = new("--azure")
    {
        Description = "Check a deployment: a file of `pulumi stack output --json`, - for standard input, or the folder infra/ (the default) to ask pulumi in.",
        HelpName = "FILE|-|DIR",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print the checks as JSON." };
    private readonly JudgeChoice _judge = new();

    public static Command Create()
    {
        var doctor = new DoctorCommand();
        Command command = new("doctor", """
            Checks that everything is reachable and well configured, and says what to do where it is not.

              tribunal doctor --judge http://gpu:8000/v1 --model RM-R1-Qwen2.5-Instruct-32B --meta http://gpu:8001
              tribunal doctor --storage azurite
              pulumi -C infra stack output --json | tribunal doctor --azure -

            A judge is asked for two small judgements. Exit codes: 0 nothing failed, 2 usage, 3 something failed.
            """)
        {
            doctor._output, doctor._meta, doctor._storage, doctor._azure, doctor._json,
        };
        doctor._judge.AddTo(command);
        command.SetAction(doctor.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var checkup = new Checkup(parsed.GetValue(_json));
        MachineChecks.Run(checkup, parsed.GetRequiredValue(_output).FullName, _judge.ConcurrencyOf(parsed));
        await JudgeAsync(parsed, checkup, cancellationToken);
        await StorageAsync(parsed, checkup, cancellationToken);
        if (parsed.GetResult(_azure) is { Implicit: false })
        {
            await DeploymentChecks.RunAsync(checkup, parsed.GetValue(_azure) ?? "infra", cancellationToken);
        }

        checkup.End();
        return checkup.Failed ? ExitCodes.Unreachable : ExitCodes.Ok;
    }

    private async Task JudgeAsync(ParseResult parsed, Checkup checkup, CancellationToken cancellationToken)
    {
        using var factory = new JudgeFactory(new EndpointNotes());
        TracedJudgement? judgement = null;
        if (_judge.IsSimulated(parsed))
        {
            checkup.Skip("judge", "none was named: --judge URL --model NAME");
        }
        else
        {
            judgement = await JudgeChecks.RunAsync(checkup, _judge.Open(parsed, factory), cancellationToken);
        }

        if (_judge.OpenMeta(parsed, parsed.GetRequiredValue(_meta), factory) is IMetaRewardModel meta)
        {
            await JudgeChecks.MetaAsync(checkup, meta, judgement, cancellationToken);
        }
        else
        {
            checkup.Skip("meta reward model", "none was named: --meta URL");
        }
    }

    private async Task StorageAsync(ParseResult parsed, Checkup checkup, CancellationToken cancellationToken)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(RemoteRuns.Settings(parsed.GetValue(_storage))).Build();
        if (configuration[SettingNames.StorageConnectionString] is null or "" && configuration[SettingNames.StorageAccount] is null or "")
        {
            checkup.Skip("storage", "none was named: --storage ACCOUNT, or azurite");
            return;
        }

        await StorageChecks.RunAsync(checkup, StorageClients.Create(configuration, new HttpPipelineOverrides { MaxRetries = 1 }), cancellationToken);
    }
}
