using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Functions.Triggers;
using Tribunal.RewardServer.Serving;
using Tribunal.Testing.Azurite;

namespace Tribunal.Functions.Tests.Issues;

/// <summary>Reported: bodies over 30,000,000 bytes end without an answer, though rewards take 32 MiB.</summary>
public sealed class LargeBodiesTests(AzuriteServer azurite)
{
    [Theory]
    [InlineData(31_000_000, HttpStatusCode.BadRequest, true)]
    [InlineData(31_000_000, HttpStatusCode.BadRequest, false)]
    [InlineData(RewardApplication.MaxBody + 1, HttpStatusCode.RequestEntityTooLarge, true)]
    [InlineData(RewardApplication.MaxBody + 1, HttpStatusCode.RequestEntityTooLarge, false)]
    public async Task A_body_is_read_up_to_the_functions_own_limit_and_refused_in_its_own_words_above_it(long length, HttpStatusCode expected, bool lengthSaid)
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "large");
        await using WebApplication server = await ServeAsync(ActivatorUtilities.CreateInstance<RewardTriggers>(bed.App.Services));
        using HttpClient client = new() { BaseAddress = new Uri(server.Urls.Single()) };

        // White space is no request: a body that was read whole is refused for what it says.
        byte[] blank = new byte[length];
        Array.Fill(blank, (byte)' ');
        using ByteArrayContent content = new(blank);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/get_reward") { Content = content };
        request.Headers.TransferEncodingChunked = !lengthSaid;
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage answer = await client.SendAsync(request);

        Assert.Equal(expected, answer.StatusCode);
        Assert.Contains($"\"status\":{(int)expected}", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // The server of the isolated worker, as it is made by default.
    private static async Task<WebApplication> ServeAsync(RewardTriggers triggers)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static server => server.Listen(IPAddress.Loopback, 0));
        builder.Services.AddMvcCore();
        WebApplication server = builder.Build();
        server.MapPost("/api/get_reward", async context =>
        {
            IActionResult result = await triggers.RewardOpenRlhf(context.Request, context.RequestAborted);
            await result.ExecuteResultAsync(new ActionContext(context, new RouteData(), new ActionDescriptor()));
        });
        await server.StartAsync();
        return server;
    }
}
