using Pulumi;
using Tribunal.Infra;

if (args is ["what-if"])
{
    return WhatIf.Run(await Console.In.ReadToEndAsync(), Environment.GetEnvironmentVariable(WhatIf.PricesVariable), Console.Out, Console.Error);
}

return await Deployment.RunAsync(() =>
{
    Config config = new();
    return TribunalDeployment.CreateAsync(DeploymentSettings.Read(config.Get) with
    {
        HuggingFaceToken = config.GetSecret(DeploymentSettings.HuggingFaceTokenKey),
        JudgeApiKeys = config.GetSecret(DeploymentSettings.JudgeApiKeysKey),
    });
});
