namespace Tribunal.Azure.Names;

/// <summary>
/// Names of settings: one constant for the code that reads them and for infra/, which links this file and writes them.
/// Keep it free of references. <c>Tribunal:…</c> are configuration keys; as environment variables and app settings
/// their <c>:</c> is <c>__</c> (<see cref="ToAppSetting"/>). The others are the platform's own, spelled as it reads them.
/// </summary>
public static class SettingNames
{
    /// <summary>Storage account that holds batches, runs, queues and tables: its name, never a URL or a key.</summary>
    public const string StorageAccount = "Tribunal:Storage:Account";

    /// <summary>Connection string of Azurite, for local work only; wins over <see cref="StorageAccount"/>.</summary>
    public const string StorageConnectionString = "Tribunal:Storage:ConnectionString";

    /// <summary>Client id of the user-assigned identity to sign in with; absent: <c>DefaultAzureCredential</c> decides.</summary>
    public const string IdentityClientId = "Tribunal:Identity:ClientId";

    /// <summary>Section of named judges: <c>Tribunal:Judges:{name}:…</c>, see <see cref="Judge"/>.</summary>
    public const string Judges = "Tribunal:Judges";

    /// <summary>Under a judge: its base address, e.g. <c>https://host/v1</c>.</summary>
    public const string JudgeEndpoint = "Endpoint";

    /// <summary>Under a judge: the model's name as the endpoint serves it.</summary>
    public const string JudgeModel = "Model";

    /// <summary>Under a judge: <c>grm</c>, <c>rm-r1</c>, <c>rrm</c> or <c>auto</c>.</summary>
    public const string JudgeProtocol = "Protocol";

    /// <summary>Under a judge: the most requests in flight from one process, 1 or more.</summary>
    public const string JudgeConcurrency = "Concurrency";

    /// <summary>Under a judge: name of the environment variable with its API key; absent: no key.</summary>
    public const string JudgeApiKeyVariable = "ApiKeyVariable";

    /// <summary>Under a judge: request fields that its server doesn't take, separated by commas; absent: none.</summary>
    public const string JudgeOmit = "Omit";

    /// <summary>Under a judge: price per million prompt tokens, 0 or more; absent: unknown, and no limit on cost can be kept.</summary>
    public const string JudgeInputPrice = "InputPrice";

    /// <summary>Under a judge: price per million generated tokens, 0 or more.</summary>
    public const string JudgeOutputPrice = "OutputPrice";

    /// <summary>Under a judge: a file of the host's: a prompt template instead of the protocol's own, or a protocol file.</summary>
    public const string JudgeTemplate = "Template";

    /// <summary>Base address of the meta reward model; absent: no meta reward model.</summary>
    public const string MetaEndpoint = "Tribunal:Meta:Endpoint";

    /// <summary>The meta reward model's name as its endpoint serves it.</summary>
    public const string MetaModel = "Tribunal:Meta:Model";

    /// <summary>How the meta reward model is asked and read: a meta protocol's name, or a file of the host's; absent: found out by asking.</summary>
    public const string MetaProtocol = "Tribunal:Meta:Protocol";

    /// <summary>The judge of a request that names none, and of uploads.</summary>
    public const string DefaultJudge = "Tribunal:Defaults:Judge";

    /// <summary>The protocol of a request that names none, and of uploads.</summary>
    public const string DefaultProtocol = "Tribunal:Defaults:Protocol";

    /// <summary>A protocol file's path inside the rollouts container, for requests that name no protocol, and for uploads; absent: none.</summary>
    public const string DefaultProtocolFile = "Tribunal:Defaults:ProtocolFile";

    /// <summary>The panel of requests that name no judge, and of uploads, as JSON: <c>{"members":[…],"weights":"…"}</c>; absent: none.</summary>
    public const string DefaultJudges = "Tribunal:Defaults:Judges";

    /// <summary>Judgements per rollout of a request that names none, and of uploads.</summary>
    public const string DefaultSamples = "Tribunal:Defaults:Samples";

    /// <summary>Whether uploads use the meta reward model: its name as requests give it (<c>MetaOptions.Model</c>), or <c>none</c>.</summary>
    public const string DefaultMeta = "Tribunal:Defaults:Meta";

    /// <summary>The routing table of a request that has none, and of uploads, as JSON: <c>{"routes":[…]}</c>; absent: none.</summary>
    public const string DefaultRouting = "Tribunal:Defaults:Routing";

    /// <summary>Share of judgements below which a run stops, in [0, 1].</summary>
    public const string ValidRateFloor = "Tribunal:Defaults:ValidRateFloor";

    /// <summary>How long a run waits for a judge that starts from zero, as a TimeSpan such as <c>00:30:00</c>.</summary>
    public const string JudgeStartLimit = "Tribunal:Judge:StartLimit";

    /// <summary>Judgements that one activity draws, 1 or more: a chunk of the fan-out.</summary>
    public const string ChunkJudgements = "Tribunal:Fanout:ChunkJudgements";

    /// <summary>Shards of one run that are under way at once, 1 or more.</summary>
    public const string ShardWindow = "Tribunal:Fanout:ShardWindow";

    /// <summary>Where orchestrations are kept: <see cref="DurableAzureStorage"/> (default) or <see cref="DurableTaskScheduler"/>.</summary>
    public const string DurableBackend = "Tribunal:Durable:Backend";

    /// <summary>Value of <see cref="DurableBackend"/>: the app's storage account.</summary>
    public const string DurableAzureStorage = "azureStorage";

    /// <summary>Value of <see cref="DurableBackend"/>: the Durable Task Scheduler.</summary>
    public const string DurableTaskScheduler = "azureManaged";

    /// <summary>
    /// The connection that every trigger and the Functions host itself use. As identity-based settings it is
    /// <see cref="HostStorageAccount"/>, <see cref="HostStorageCredential"/> and <see cref="HostStorageClientId"/>.
    /// </summary>
    public const string HostStorage = "AzureWebJobsStorage";

    /// <summary>Account of <see cref="HostStorage"/>.</summary>
    public const string HostStorageAccount = "AzureWebJobsStorage__accountName";

    /// <summary>Kind of credential of <see cref="HostStorage"/>: <c>managedidentity</c>.</summary>
    public const string HostStorageCredential = "AzureWebJobsStorage__credential";

    /// <summary>Client id of <see cref="HostStorage"/>'s identity.</summary>
    public const string HostStorageClientId = "AzureWebJobsStorage__clientId";

    /// <summary>Application Insights.</summary>
    public const string ApplicationInsights = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>How telemetry signs in: <c>Authorization=AAD;ClientId=…</c>.</summary>
    public const string ApplicationInsightsAuthentication = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <summary>Connection of the Durable Task Scheduler: <c>Endpoint=…;Authentication=ManagedIdentity;ClientID=…</c>.</summary>
    public const string SchedulerConnection = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING";

    /// <summary>The configuration key of a named judge's setting, such as <c>Tribunal:Judges:main:Endpoint</c>.</summary>
    public static string Judge(string name, string setting) => $"{Judges}:{name}:{setting}";

    /// <summary>A configuration key as an environment variable or app setting.</summary>
    public static string ToAppSetting(string key) => key.Replace(":", "__", System.StringComparison.Ordinal);
}
