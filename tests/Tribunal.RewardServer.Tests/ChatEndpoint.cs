using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Tribunal.RewardServer.Tests;

/// <summary>A chat endpoint that notes what it is asked and answers as a test says.</summary>
internal sealed class ChatEndpoint : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly List<string> _asked = [];

    private ChatEndpoint(WebApplication application) => _application = application;

    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_asked)
            {
                return [.. _asked];
            }
        }
    }

    public Uri Address => new(_application.Urls.First() + "/v1");

    public static Task<ChatEndpoint> StartAsync(string type, string answer, int status = StatusCodes.Status200OK) => StartAsync(_ => (type, answer, status));

    /// <summary>Starts one.</summary>
    /// <param name="answer">What it answers to which request, counted from 0.</param>
    public static async Task<ChatEndpoint> StartAsync(Func<int, (string Type, string Answer, int Status)> answer)
    {
        WebApplication application = WebApplication.CreateSlimBuilder().Build();
        var endpoint = new ChatEndpoint(application);
        application.Urls.Add("http://127.0.0.1:0");
        application.MapPost("/v1/chat/completions", async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync(Bed.Cancel);
            int number;
            lock (endpoint._asked)
            {
                number = endpoint._asked.Count;
                endpoint._asked.Add(body);
            }

            (string type, string said, int status) = answer(number);
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            await context.Response.WriteAsync(said, Bed.Cancel);
        });
        await application.StartAsync(Bed.Cancel);
        return endpoint;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
