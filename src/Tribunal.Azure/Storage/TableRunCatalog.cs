using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Tribunal.Azure.Names;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>Runs in a table: an entity per run, replaced under its ETag.</summary>
public sealed class TableRunCatalog(TableServiceClient tables) : IRunCatalog
{
    private const string Partition = "run";
    private const string Record = "Record";
    private const int MaxText = 32_000;
    private readonly TableClient _table = tables.GetTableClient(ResourceNames.RunsTable);

    public async Task<bool> TryAddAsync(RunRecord run, CancellationToken cancellationToken)
    {
        try
        {
            await _table.AddEntityAsync(Write(run), cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            return false;
        }
    }

    public async Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken)
    {
        NullableResponse<TableEntity> found = await FindAsync(runId, cancellationToken);
        return found.HasValue ? Read(found.Value!) : null;
    }

    public async IAsyncEnumerable<RunRecord> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity entity in _table.QueryAsync<TableEntity>(entity => entity.PartitionKey == Partition, cancellationToken: cancellationToken))
        {
            yield return Read(entity);
        }
    }

    public async Task<RunRecord?> UpdateAsync(string runId, Func<RunRecord, RunRecord?> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            NullableResponse<TableEntity> found = await FindAsync(runId, cancellationToken);
            if (!found.HasValue)
            {
                return null;
            }

            RunRecord before = Read(found.Value!);
            RunRecord? after = change(before);
            if (after is null || after == before)
            {
                return before;
            }

            try
            {
                await _table.UpdateEntityAsync(Write(after), found.Value!.ETag, TableUpdateMode.Replace, cancellationToken);
                return after;
            }
            catch (RequestFailedException exception) when (exception.Status == 412)
            {
                // Somebody else was faster: once more on what is there now.
            }
        }
    }

    private static TableEntity Write(RunRecord run)
    {
        string json = JsonSerializer.Serialize(run, AzureJson.Default.RunRecord);
        if (json.Length > MaxText)
        {
            // A property holds 32 Ki characters; only a reason can be long.
            json = JsonSerializer.Serialize(run with { Reason = run.Reason?[..Math.Min(run.Reason.Length, 1000)] }, AzureJson.Default.RunRecord);
        }

        // The state apart, for queries by hand.
        return new TableEntity(Partition, run.RunId) { [Record] = json, ["State"] = run.State.ToString() };
    }

    private static RunRecord Read(TableEntity entity) => ContractJson.Read(Encoding.UTF8.GetBytes(entity.GetString(Record)), AzureJson.Default.RunRecord)!;

    private Task<NullableResponse<TableEntity>> FindAsync(string runId, CancellationToken cancellationToken) =>
        _table.GetEntityIfExistsAsync<TableEntity>(Partition, runId, cancellationToken: cancellationToken);
}
