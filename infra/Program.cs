using Pulumi;
using Tribunal.Infra;

return await Deployment.RunAsync(() =>
{
    Config config = new();
    return TribunalDeployment.CreateAsync(DeploymentSettings.Read(config.Get) with
    {
        HuggingFaceToken = config.GetSecret(DeploymentSettings.HuggingFaceTokenKey),
    });
});
