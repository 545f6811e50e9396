using LongContext.Data.Mixing;
using LongContext.Packing;

namespace LongContext.Samples.BuildMixture;

/// <summary>What a mixture gave, and how it was packed.</summary>
internal sealed record MixtureOutcome(string Name, PublishedMixtureReport Mixture, PackingReport Packing);
