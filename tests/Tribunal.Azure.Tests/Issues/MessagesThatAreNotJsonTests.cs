using Tribunal.Azure.Queues;

namespace Tribunal.Azure.Tests.Issues;

/// <summary>Reported: words whose letters look like base64 are called "neither UTF-8 text nor base64 of it".</summary>
public sealed class MessagesThatAreNotJsonTests
{
    [Theory]
    [InlineData("not json at all")]
    [InlineData("test")]
    [InlineData("hello there")]
    [InlineData("{\"batch\":")]
    [InlineData("aGVsbG8=")]
    public void A_message_that_is_no_JSON_is_called_so(string text)
    {
        MessageRefusedException refusal = Assert.Throws<MessageRefusedException>(() => MessageBody.Parse(text));
        Assert.StartsWith("the message is not valid JSON", refusal.Message, StringComparison.Ordinal);
    }
}
