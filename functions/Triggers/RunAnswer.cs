using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Tribunal.Azure;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Triggers;

/// <summary>A run's record as an HTTP answer: one JSON shape, that of the run table, whichever function gives it.</summary>
internal sealed class RunAnswer(int status, RunRecord record, string? location = null) : ContentResult
{
    public override Task ExecuteResultAsync(ActionContext context)
    {
        StatusCode = status;
        ContentType = "application/json";
        Content = JsonSerializer.Serialize(record, AzureJson.Default.RunRecord);
        if (location is not null)
        {
            context.HttpContext.Response.Headers.Location = location;
        }

        return base.ExecuteResultAsync(context);
    }
}
