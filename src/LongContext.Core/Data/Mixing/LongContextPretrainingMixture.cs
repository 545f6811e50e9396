using LongContext.Data.Making;

namespace LongContext.Data.Mixing;

/// <summary>
/// The data of the 32K Llama 2's continued pre-training: a quarter each of books, papers, web text and code, and denoising data, by tokens; sequences of less than 2K
/// tokens are left out.
/// </summary>
/// <remarks>
/// Together, "Preparing for the era of 32K context" (28 July 2023): "25% RedPajama Book, 25% RedPajama ArXiv (including abstracts), 25% other data from RedPajama, and 25% from the UL2
/// Oscar Data, which is a part of OIG (Open-Instruction-Generalist), asking the model to fill in missing chunks, or complete the text. To enhance the
/// long-context capabilities, we exclude sequences shorter than 2K tokens." (The model's card says the same but for "2K word".)
/// Continued pre-training and tuning together took 1.5 billion tokens, with linear interpolation.
/// <para>
/// The training program that they published (OpenChatKit) joins documents with line feeds and cuts the stream at every 32,768 tokens, so that each sequence holds parts of several
/// documents and counts the same. Here documents stay apart: a long one is cut into windows of the context, a short one is left to the packer. Shares are of tokens in both.
/// </para>
/// </remarks>
public sealed record LongContextPretrainingMixture : PublishedMixture
{
    /// <summary>25 %: books, for example RedPajama's. Required.</summary>
    public MixtureShare? Books { get; init; }

    /// <summary>25 %: papers with their abstracts, for example RedPajama's ArXiv. Required.</summary>
    public MixtureShare? Papers { get; init; }

    /// <summary>25 %: other text, web and code, for example the rest of RedPajama. Required.</summary>
    public MixtureShare? WebAndCode { get; init; }

    /// <summary>
    /// 25 %: denoising data that are made already, for example OIG's UL2 Oscar: texts, or prompts with completions. Required where <see cref="DenoisingTexts"/> is not given.
    /// </summary>
    public MixtureShare? Denoising { get; init; }

    /// <summary>Instead of <see cref="Denoising"/>: plain texts, of which denoising data are made in pieces that fill the context, as <see cref="DenoisingOptions"/> say.</summary>
    public MixtureShare? DenoisingTexts { get; init; }

    /// <summary>
    /// How texts are denoised. Default: UL2's denoisers put as instructions, to fill in missing chunks or to complete the text
    /// (<see cref="DenoisingForm.Instructions"/>), drawn by the mixture's seed.
    /// </summary>
    public TextDenoiserOptions? DenoisingOptions { get; init; }

    /// <summary>The least tokens of a sequence; shorter ones are left out and counted. Default 2,048.</summary>
    public int MinimumTokens { get; init; } = 2048;

    /// <inheritdoc/>
    internal override IReadOnlyList<PublishedShare> Shares =>
    [
        new(nameof(Books), "books", 0.25, ShareForm.AsTheyAre, Books),
        new(nameof(Papers), "papers with abstracts", 0.25, ShareForm.AsTheyAre, Papers),
        new(nameof(WebAndCode), "other web text and code", 0.25, ShareForm.AsTheyAre, WebAndCode),
        DenoisingTexts is null
            ? new(nameof(Denoising), "denoising data, or texts to make them of as DenoisingTexts", 0.25, ShareForm.AsTheyAre, Denoising)
            : new(nameof(DenoisingTexts), "texts to make denoising data of", 0.25, ShareForm.Denoised, DenoisingTexts),
    ];

    internal override int LeastTokens => MinimumTokens;

    internal override TextDenoiserOptions? DenoiserOptions => DenoisingOptions ?? new TextDenoiserOptions { Form = DenoisingForm.Instructions, Seed = Seed };

    private protected override IEnumerable<string> OtherFaults()
    {
        if (Denoising is not null && DenoisingTexts is not null) yield return $"{nameof(Denoising)} and {nameof(DenoisingTexts)} are both given, expected one";
        if (DenoisingOptions is null) yield break;
        string? fault = null;
        try
        {
            _ = new TextDenoiser(DenoisingOptions);
        }
        catch (ArgumentException thrown)
        {
            fault = thrown.Message;
        }

        if (fault is not null) yield return $"{nameof(DenoisingOptions)}: {fault}";
    }
}
