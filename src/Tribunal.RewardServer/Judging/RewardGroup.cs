namespace Tribunal.RewardServer.Judging;

/// <summary>Who asks, and for which group: responses are judged together with those of the same group only.</summary>
/// <param name="Client">Who asks (a key, a name, an address); another client's requests change nobody's reward.</param>
/// <param name="Id">
/// The group's name, which several processes may share; null: the responses of one client to one prompt that arrive about now.
/// </param>
/// <param name="Size">Responses in the group, 1 or more, duplicates counted; null: the server's own setting.</param>
internal sealed record RewardGroup(string Client = "", string? Id = null, int? Size = null);
