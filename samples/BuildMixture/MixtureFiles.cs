using LongContext.Data.Mixing;

namespace LongContext.Samples.BuildMixture;

/// <summary>The files of all shares; null for those that nobody named.</summary>
internal sealed class MixtureFiles
{
    public MixtureShare? Books { get; init; }

    public MixtureShare? Papers { get; init; }

    public MixtureShare? Web { get; init; }

    public MixtureShare? Denoising { get; init; }

    public MixtureShare? DenoisingTexts { get; init; }

    public MixtureShare? Instructions { get; init; }

    public MixtureShare? Prompts { get; init; }

    public MixtureShare? General { get; init; }

    public bool HasPretraining => Web is not null || Denoising is not null || DenoisingTexts is not null;

    public bool HasFewShot => Instructions is not null || Prompts is not null || General is not null;
}
