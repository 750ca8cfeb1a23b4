using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Tribunal.Infra.Tests;

/// <summary><c>./deploy</c> against recorded answers of <c>az</c>, <c>pulumi</c> and the others: nothing leaves this machine.</summary>
public sealed partial class DeployScriptTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-deploy-");

    /// <summary>Steps of a stack that has nothing yet, in their order.</summary>
    private static readonly string[] Steps = ["sign-in", "subscription", "providers", "state", "stack", "mails", "quota", "vault-name", "image", "up", "updates", "publish", "doctor"];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_step_of_the_guide_runs_in_its_order_and_every_check_holds_afterwards()
    {
        Answers();
        (int code, string output) = await DeployAsync("prod");
        Assert.True(code == 0, output);
        Assert.Equal(Steps, Headings(output));
        // No deleted vault holds a name.
        Assert.Equal(["vault-name"], DoneAlready().Matches(output).Select(match => match.Groups["step"].Value));
        string[] calls = Calls();
        Assert.Contains("az provider register --namespace Microsoft.App --wait", calls);
        Assert.Contains("pulumi -C infra up --stack prod --yes", calls);
        Assert.Contains("func azure functionapp publish func-tribunal --dotnet-isolated", calls);
        Assert.Contains($"az acr import --name images --source docker.io/vllm/vllm-openai@sha256:{Digest} --image vllm/vllm-openai:v0.11.0 --force", calls);
        Assert.Contains($"pulumi -C infra config set imageDigest sha256:{Digest} --stack prod", calls);
        Assert.Contains("dotnet run --project src/Tribunal.Cli -- doctor --azure -", calls);

        // The registry and its image come before what pulls it.
        Assert.True(Array.IndexOf(calls, "pulumi -C infra up --stack prod --yes") > Array.FindIndex(calls, call => call.StartsWith("az acr import", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Again_nothing_is_done_twice()
    {
        Answers();
        Assert.Equal(0, (await DeployAsync("prod")).Code);
        File.Delete(Path.Combine(_folder.FullName, "calls"));
        (int code, string output) = await DeployAsync("prod");
        Assert.True(code == 0, output);
        string[] again = [.. Steps.Except(["quota", "updates", "publish", "doctor"])];
        Assert.Equal(again, DoneAlready().Matches(output).Select(match => match.Groups["step"].Value));
        Assert.DoesNotContain(Calls(), call => call.Contains(" up ", StringComparison.Ordinal) || call.Contains("register", StringComparison.Ordinal) || call.Contains("login", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_step_that_fails_stops_the_rest_and_is_where_the_next_try_begins()
    {
        Answers();
        File.WriteAllText(Path.Combine(_folder.FullName, "fail"), "pulumi -C infra up --stack prod --yes");
        (int code, string output) = await DeployAsync("prod");
        Assert.Equal(1, code);
        Assert.Contains("step up failed", output, StringComparison.Ordinal);
        Assert.DoesNotContain(Calls(), call => call.StartsWith("func", StringComparison.Ordinal));

        File.Delete(Path.Combine(_folder.FullName, "fail"));
        (code, output) = await DeployAsync("prod");
        Assert.True(code == 0, output);
        Assert.Equal("up", Headings(output).First(step => step != "quota" && !output.Contains($"{step}: done already", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_step_whose_check_fails_afterwards_is_named()
    {
        Answers();
        File.WriteAllText(Path.Combine(_folder.FullName, "functions"), "0");
        (int code, string output) = await DeployAsync("prod");
        Assert.Equal(1, code);
        Assert.Contains("step publish ended, and its check fails", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_update_leaves_instances_time_to_end_what_they_draw_where_the_region_lets_it(bool lets)
    {
        Answers();
        if (!lets)
        {
            File.WriteAllText(Path.Combine(_folder.FullName, "no-rolling"), "");
        }

        (int code, string output) = await DeployAsync("prod");
        Assert.True(code == 0, output);
        string[] calls = Calls();
        int patched = Array.FindIndex(calls, call => call.Contains("--method patch", StringComparison.Ordinal) && call.Contains("\"siteUpdateStrategy\":{\"type\":\"RollingUpdate\"}", StringComparison.Ordinal));
        Assert.InRange(patched, 1, Array.FindIndex(calls, call => call.StartsWith("func", StringComparison.Ordinal)));
        Assert.Equal(!lets, output.Contains("no rolling updates", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_if_makes_nothing()
    {
        Answers();
        (int code, string output) = await DeployAsync("prod", "--what-if");
        Assert.True(code == 0, output);
        Assert.Contains("quota\tswedencentral\tSubscriptionConsumptionNCA100Gpus\t5\tjudge,meta", output, StringComparison.Ordinal);
        Assert.Equal(["dotnet run --project infra -- what-if", "pulumi -C infra config --json --stack prod", "pulumi -C infra preview --stack prod"], Calls().Order());
    }

    [Fact]
    public async Task Judges_without_quota_are_noted_so_that_others_answer_for_them()
    {
        Answers();
        File.WriteAllText(Path.Combine(_folder.FullName, "limit"), "1.0");
        (int code, string output) = await DeployAsync("prod", "--until", "quota");
        Assert.True(code == 0, output);
        Assert.Contains("pulumi -C infra config set unavailable judge,meta --stack prod", Calls());
    }

    [Fact]
    public async Task A_name_that_a_deleted_vault_holds_is_passed_over()
    {
        Answers();
        File.WriteAllText(Path.Combine(_folder.FullName, "held"), "kv-prod-0123456789");
        (int code, string output) = await DeployAsync("prod", "--until", "vault-name");
        Assert.True(code == 0, output);
        Assert.Contains("pulumi -C infra config set vaultGeneration 1 --stack prod", Calls());
    }

    [Fact]
    public async Task The_registration_that_people_sign_in_to_is_made_once_and_the_stack_told()
    {
        Answers();
        Assert.Equal(0, (await DeployAsync("prod", "--run", "sign-in-app")).Code);
        Assert.Equal(0, (await DeployAsync("prod", "--run", "sign-in-app")).Code);
        string[] calls = Calls();
        Assert.Single(calls, static call => call.StartsWith("az ad app create", StringComparison.Ordinal));
        Assert.Single(calls, static call => call.StartsWith("az ad sp create", StringComparison.Ordinal));
        Assert.Contains("az ad app update --id app-id --identifier-uris api://app-id", calls);
        Assert.Contains("pulumi -C infra config set signIn app-id --stack prod", calls);
        Assert.Equal("pulumi -C infra up --stack prod --yes", calls[^1]);
    }

    [Fact]
    public async Task Taking_a_stack_down_is_one_call()
    {
        Answers();
        Assert.Equal(0, (await DeployAsync("prod", "--run", "destroy")).Code);
        Assert.Equal(["pulumi -C infra destroy --stack prod --yes"], Calls());
    }

    [Fact]
    public void Every_block_of_the_guide_that_has_a_mark_has_one_that_the_script_knows()
    {
        string guide = File.ReadAllText(Path.Combine(Stacks.Root, "docs", "deploy.md"));
        string[] marks = [.. Mark().Matches(guide).Select(match => match.Groups["mark"].Value)];
        Assert.Equal(marks.Length, marks.Distinct(StringComparer.Ordinal).Count());
        Assert.All(marks, mark => Assert.Matches("^(step|check|run)=[a-z-]+( always)?$", mark));
        Assert.Equal(Steps, marks.Where(mark => mark.StartsWith("step=", StringComparison.Ordinal)).Select(mark => mark["step=".Length..].Split(' ')[0]));
        Assert.All(marks.Where(mark => mark.StartsWith("check=", StringComparison.Ordinal)), mark => Assert.Contains(mark["check=".Length..], Steps));
    }

    private static readonly string Digest = new('b', 64);

    private static string[] Headings(string output) => [.. Heading().Matches(output).Select(match => match.Groups["step"].Value)];

    private string[] Calls() => File.ReadAllLines(Path.Combine(_folder.FullName, "calls"));

    /// <summary>Stand-ins that write down how they were called and answer as the services do, with what was set before.</summary>
    private void Answers()
    {
        Fake("az", """
            case "$*" in
              "account show"*"--query id"*) [ -e subscription ] && cat subscription || echo other ;;
              "account show"*) [ -e signed-in ] ;;
              "account set"*) echo "${4}" > subscription ;;
              login*) touch signed-in ;;
              "provider register"*) touch "provider-$4" ;;
              "provider show"*) [ -e "provider-$4" ] && echo Registered || echo NotRegistered ;;
              "containerapp list-usages"*) [ -e limit ] && cat limit || echo 8.0 ;;
              "keyvault list-deleted"*) [ -e held ] && cat held || true ;;
              "acr list"*) echo images ;;
              "acr import"*) touch imported ;;
              "acr artifact-streaming"*) exit 1 ;;
              "functionapp show"*) echo /subscriptions/s/sites/func-tribunal ;;
              "rest --method patch"*) [ ! -e no-rolling ] ;;
              "ad app list"*) [ ! -e registered ] || echo app-id ;;
              "ad app create"*) touch registered; echo app-id ;;
              "ad app update"*) ;;
              "ad sp show"*) [ -e principal ] ;;
              "ad sp create"*) touch principal ;;
              "functionapp function list"*) [ -e functions ] && cat functions || echo 9 ;;
              *) echo "az has no recorded answer to: $*" >&2; exit 9 ;;
            esac
            """);
        Fake("pulumi", """
            [ "$1" = -C ] && shift 2
            case "$*" in
              whoami) [ -e logged-in ] ;;
              login) touch logged-in ;;
              "stack select"*) [ -e "stack-$3" ] ;;
              "stack init"*) touch "stack-$3" ;;
              "config --json"*) cat config.json ;;
              "config get alertEmails"*) [ -e set-alertEmails ] && cat set-alertEmails || echo tribunal-prod@example.com ;;
              "config get importImage"*) echo true ;;
              "config get"*) cat "set-$3" 2>/dev/null ;;
              "config set"*) echo "$4" > "set-$3" ;;
              "preview --stack prod --expect-no-changes") [ -e up ] ;;
              preview*) echo "64 to create" ;;
              up*--target*) ;;
              up*) touch up ;;
              destroy*) ;;
              "stack output functionApp"*) echo func-tribunal ;;
              "stack output resourceGroup"*) echo rg-tribunal ;;
              "stack output durableBackend"*) echo azureStorage ;;
              "stack output activitiesPerInstance"*) echo 1 ;;
              "stack output --json"*) echo '{}' ;;
              *) echo "pulumi has no recorded answer to: $*" >&2; exit 9 ;;
            esac
            """);
        Fake("dotnet", """
            cat > /dev/null
            case "$*" in
              *what-if) printf 'quota\tswedencentral\tSubscriptionConsumptionNCA100Gpus\t5\tjudge,meta\n' ;;
              *doctor*) ;;
              *) exit 9 ;;
            esac
            """);
        Fake("func", "");
        Fake("curl", $$"""
            case "$*" in
              *auth.docker.io*) echo '{"token":"t"}' ;;
              *registry-1.docker.io*) printf 'HTTP/2 200\r\nDocker-Content-Digest: sha256:{{Digest}}\r\n' ;;
              *) exit 9 ;;
            esac
            """);
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), "{}");
    }

    private void Fake(string name, string body)
    {
        string path = Path.Combine(_folder.FullName, "bin", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, $$"""
            #!/usr/bin/env bash
            cd "{{_folder.FullName}}"
            echo "{{name}} $*" >> calls
            if [ -e fail ] && [ "$(cat fail)" = "{{name}} $*" ]; then exit 1; fi
            {{body}}
            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task<(int Code, string Output)> DeployAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(Stacks.Root, "deploy"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{Path.Combine(_folder.FullName, "bin")}:{start.Environment["PATH"]}";
        start.Environment["SUBSCRIPTION"] = "11111111-2222-3333-4444-555555555555";
        start.Environment["ALERT_EMAILS"] = "someone@tribunal.test";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }

    [GeneratedRegex("^-- (?<step>[a-z-]+)(?:: done already)?$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^-- (?<step>[a-z-]+): done already$", RegexOptions.Multiline)]
    private static partial Regex DoneAlready();

    [GeneratedRegex("^```sh \\{(?<mark>[^}]*)\\}$", RegexOptions.Multiline)]
    private static partial Regex Mark();
}
