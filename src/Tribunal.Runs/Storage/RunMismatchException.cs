using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tribunal.Runs.Resuming;

namespace Tribunal.Runs.Storage;

/// <summary>A run exists and was started for something else.</summary>
public sealed class RunMismatchException(string message) : Exception(message);
