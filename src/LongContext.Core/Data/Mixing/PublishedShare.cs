namespace LongContext.Data.Mixing;

/// <summary>A share of a published mixture: what it is called and is of, how much of it there is, and what the user gave for it.</summary>
internal sealed record PublishedShare(string Name, string Description, double Weight, ShareForm Form, MixtureShare? Given);
