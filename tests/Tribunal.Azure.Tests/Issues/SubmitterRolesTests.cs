using Azure.Core;
using Azure.Core.Pipeline;
using Tribunal.Azure.Storage;

namespace Tribunal.Azure.Tests.Issues;

/// <summary><c>tribunal submit</c> was refused for every documented role: it asked to create what the deployment had made.</summary>
public sealed class SubmitterRolesTests
{
    [Fact]
    public async Task An_account_that_is_signed_in_to_by_identity_is_asked_to_create_nothing()
    {
        RefuseAll refuse = new();
        StorageClients clients = StorageClients.ForAccount("someaccount", null, new HttpPipelineOverrides { Policy = refuse, MaxRetries = 0 });
        await clients.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, refuse.Requests);
    }

    private sealed class RefuseAll : HttpPipelineSynchronousPolicy
    {
        public int Requests { get; private set; }

        public override void OnSendingRequest(HttpMessage message)
        {
            Requests++;
            throw new InvalidOperationException($"{message.Request.Method} {message.Request.Uri}");
        }
    }
}
