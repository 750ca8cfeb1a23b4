using Tribunal.Protocols;

namespace Tribunal.Runs.Storage;

/// <summary>What judges the rollouts of a route.</summary>
/// <param name="Name">The route's name.</param>
/// <param name="Judge">Judge's name.</param>
/// <param name="Model">Judge's model.</param>
/// <param name="Protocol">Protocol, resolved.</param>
/// <param name="Prompt">The prompt's fingerprint.</param>
/// <param name="Sampling">Sampling parameters.</param>
public sealed record RouteManifest(string Name, string Judge, string Model, string Protocol, string Prompt, SamplingDefaults Sampling);
