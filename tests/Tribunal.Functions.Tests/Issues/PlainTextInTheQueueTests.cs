using System.Reflection;
using System.Text.Json;

namespace Tribunal.Functions.Tests.Issues;

/// <summary>Reported: the host throws plain text into the poison queue, and no record says so; a hard kill costs four minutes.</summary>
public sealed class PlainTextInTheQueueTests
{
    private static readonly JsonElement Extensions = Read();

    [Fact]
    public void The_host_hands_messages_on_as_they_are() =>
        Assert.Equal("none", Extensions.GetProperty("queues").GetProperty("messageEncoding").GetString());

    [Theory]
    [InlineData("controlQueueVisibilityTimeout")]
    [InlineData("workItemQueueVisibilityTimeout")]
    public void What_a_killed_instance_held_comes_back_after_a_minute(string setting) =>
        Assert.Equal("00:01:00", Extensions.GetProperty("durableTask").GetProperty("storageProvider").GetProperty(setting).GetString());

    private static JsonElement Read()
    {
        string output = typeof(PlainTextInTheQueueTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static item => item.Key == "FunctionsOutput").Value!;
        using JsonDocument host = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(output, "host.json")), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        return host.RootElement.GetProperty("extensions").Clone();
    }
}
