using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;

namespace Tribunal.Cli.Doctor;

/// <summary>A deployment, by what its Pulumi stack says of it.</summary>
internal static class DeploymentChecks
{
    private static readonly string[] Required =
    [
        DeploymentOutputs.ResourceGroup, DeploymentOutputs.StorageAccount, DeploymentOutputs.FunctionApp, DeploymentOutputs.FunctionAppUrl,
        DeploymentOutputs.FunctionIdentityClientId, DeploymentOutputs.JudgeEndpoint, DeploymentOutputs.JudgeModel, DeploymentOutputs.LogWorkspace,
        DeploymentOutputs.DurableBackend, DeploymentOutputs.Private, DeploymentOutputs.Capacity,
    ];

    /// <summary>Checks what the outputs name.</summary>
    /// <param name="checkup">Where findings go.</param>
    /// <param name="source">A file of <c>pulumi stack output --json</c>, <c>-</c> for standard input, or a folder in which to call pulumi.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task RunAsync(Checkup checkup, string source, CancellationToken cancellationToken)
    {
        if (await ReadAsync(checkup, source, cancellationToken) is not { } outputs)
        {
            return;
        }

        string[] missing = [.. Required.Where(name => !outputs.ContainsKey(name))];
        if (missing.Length > 0)
        {
            checkup.Fail("stack outputs", $"missing: {string.Join(", ", missing)}", "run `pulumi up` with this version of infra/");
            return;
        }

        checkup.Ok("stack outputs", $"{outputs[DeploymentOutputs.ResourceGroup]}: {outputs[DeploymentOutputs.JudgeModel]}, {outputs[DeploymentOutputs.DurableBackend]} backend");
        checkup.Ok("capacity", outputs[DeploymentOutputs.Capacity]);
        bool isPrivate = bool.TryParse(outputs[DeploymentOutputs.Private], out bool said) && said;
        if (isPrivate)
        {
            checkup.Ok("network", "private: storage and functions answer inside the virtual network only, so what fails below may work there");
        }

        await StorageAsync(checkup, outputs[DeploymentOutputs.StorageAccount], cancellationToken);
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        await ReachAsync(checkup, client, "function app", outputs[DeploymentOutputs.FunctionAppUrl], "publish functions/ (docs/deploy.md), or ask from inside the network", cancellationToken);
        await ReachAsync(checkup, client, "judge endpoint", Health(outputs[DeploymentOutputs.JudgeEndpoint]), "it answers inside its virtual network only, and may have to start from zero", cancellationToken);
        if (outputs.TryGetValue(DeploymentOutputs.MetaEndpoint, out string? meta))
        {
            await ReachAsync(checkup, client, "meta endpoint", Health(meta), "it answers inside its virtual network only, and may have to start from zero", cancellationToken);
        }
        else
        {
            checkup.Skip("meta endpoint", "none is deployed");
        }
    }

    private static string Health(string endpoint) => $"{(endpoint.EndsWith("/v1", StringComparison.Ordinal) ? endpoint[..^3] : endpoint.TrimEnd('/'))}/health";

    private static async Task StorageAsync(Checkup checkup, string account, CancellationToken cancellationToken)
    {
        try
        {
            await StorageChecks.RunAsync(checkup, StorageClients.ForAccount(account, null, new HttpPipelineOverrides { MaxRetries = 1 }), cancellationToken);
        }
        catch (StorageConfigurationException exception)
        {
            checkup.Fail("storage", exception.Message, "the stack's output is no account name: run `pulumi up` again");
        }
    }

    // Whatever it answers, it is there; only the judge's own network may call it.
    private static async Task ReachAsync(Checkup checkup, HttpClient client, string name, string address, string advice, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
        {
            checkup.Fail(name, $"'{address}' is no address", "run `pulumi up` again");
            return;
        }

        try
        {
            using HttpResponseMessage response = await client.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if ((int)response.StatusCode >= 500)
            {
                checkup.Warn(name, $"{uri} answers {(int)response.StatusCode}", advice);
            }
            else
            {
                checkup.Ok(name, $"{uri} answers {(int)response.StatusCode}");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            checkup.Warn(name, $"{uri} can't be reached from here: {exception.Message}", advice);
        }
    }

    private static async Task<Dictionary<string, string>?> ReadAsync(Checkup checkup, string source, CancellationToken cancellationToken)
    {
        string text;
        try
        {
            text = source == "-" ? await Console.In.ReadToEndAsync(cancellationToken)
                : Directory.Exists(source) ? await AskPulumiAsync(source, cancellationToken)
                : await File.ReadAllTextAsync(source, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or Win32Exception or InvalidOperationException)
        {
            checkup.Fail("stack outputs", exception.Message, "give a file of `pulumi stack output --json`, - for standard input, or the folder infra/ where pulumi is installed");
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.EnumerateObject().ToDictionary(
                static output => output.Name, static output => output.Value.ValueKind == JsonValueKind.String ? output.Value.GetString()! : output.Value.GetRawText(), StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            checkup.Fail("stack outputs", $"no JSON object: {(exception is JsonException json ? ContractJson.Words(json) : "it is another value")}", "give what `pulumi stack output --json` prints");
            return null;
        }
    }

    private static async Task<string> AskPulumiAsync(string folder, CancellationToken cancellationToken)
    {
        using Process pulumi = Process.Start(new ProcessStartInfo("pulumi", ["stack", "output", "--json"])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = pulumi.StandardError.ReadToEndAsync(cancellationToken);
        string output = await pulumi.StandardOutput.ReadToEndAsync(cancellationToken);
        await pulumi.WaitForExitAsync(cancellationToken);
        return pulumi.ExitCode == 0 ? output : throw new InvalidOperationException($"pulumi: {(await errors).Trim()}");
    }
}
