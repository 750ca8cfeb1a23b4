using Tribunal.Runs.Resuming;

namespace Tribunal.Runs.Tests.Resuming;

public sealed class RunCommandTests
{
    [Theory]
    [InlineData("http://gpu:8000/v1", false)]
    [InlineData("--judge=http://gpu:8000/v1", false)]
    [InlineData("batch.jsonl", false)]
    [InlineData("https://user:secret@gpu/v1", true)]
    [InlineData("--judge=https://user:secret@gpu/v1", true)]
    [InlineData("https://gpu/v1?key=secret", true)]
    public void An_address_that_may_hold_a_secret_is_told(string argument, bool secret) =>
        Assert.Equal(secret, new RunCommand { Arguments = ["score", argument], Folder = "/" }.MayHoldSecret());
}
