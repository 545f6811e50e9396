using System.Globalization;
using LongContext.Data;
using LongContext.Data.Caching;
using LongContext.Data.Mixing;
using LongContext.Packing;
using LongContext.Samples.Shared;
using LongContext.Tokenization;

namespace LongContext.Samples.BuildMixture;

/// <summary>Builds the mixtures whose files are named, packs them as a training would, and shows what came of it.</summary>
internal sealed class Job(JobOptions options)
{
    private readonly Report report = new(options.Output);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(options.Model);
        MixtureFiles files = options.Files;
        if (!files.HasPretraining && !files.HasFewShot)
            throw new UsageException("Only shares that both mixtures have are named; name --web and --denoising or --denoising-texts for pre-training, --instructions, --prompts and --general for few-shot tuning.");

        // Opened before anything is read, so that all that is missing is told at once.
        using OpenMixture? pretraining = !files.HasPretraining ? null : new LongContextPretrainingMixture
        {
            Books = files.Books,
            Papers = files.Papers,
            WebAndCode = files.Web,
            Denoising = files.Denoising,
            DenoisingTexts = files.DenoisingTexts,
            ContextLength = options.ContextLength,
            MinimumTokens = options.MinimumTokens,
            Seed = options.Seed,
        }.Open(tokenizer);
        using OpenMixture? fewShot = !files.HasFewShot ? null : new FewShotTuningMixture
        {
            NaturalInstructions = files.Instructions,
            PromptCollections = files.Prompts,
            GeneralText = files.General,
            Books = files.Books,
            Papers = files.Papers,
            ContextLength = options.ContextLength,
            Seed = options.Seed,
        }.Open(tokenizer);

        Directory.CreateDirectory(options.Output);
        List<MixtureSummary> mixtures = [];
        if (pretraining is not null) mixtures.Add(await BuildAsync("continued pre-training", pretraining, tokenizer, cancellationToken));
        if (fewShot is not null) mixtures.Add(await BuildAsync("few-shot tuning", fewShot, tokenizer, cancellationToken));
        report.ShowAndWrite(mixtures);
    }

    /// <summary>The mixture's tokens on disk, where a training takes them from; what an earlier run wrote is not written again.</summary>
    private async Task<MixtureSummary> BuildAsync(string name, OpenMixture mixture, HuggingFaceTokenizer tokenizer, CancellationToken cancellationToken)
    {
        TokenCacheKey key = new()
        {
            Files = DataFileIdentity.OfAll(mixture.Files),
            Tokenizer = tokenizer.Fingerprint,
            Settings = new Dictionary<string, string> { ["mixture"] = mixture.Identity, ["tokens"] = options.MostTokens.ToString(CultureInfo.InvariantCulture) },
        };
        using TokenCache cache = await TokenCache.OpenOrBuildAsync(
            Path.Combine(options.Output, "tokens"), key, () => mixture.Take(options.MostTokens, sequence => sequence.Length), sequence => sequence, progress: new CacheLines(name),
            cancellationToken: cancellationToken);

        // In the mixture's order, and packed as a training would; packer.Capture() after each step is what a checkpoint keeps of the data.
        StreamingPacker packer = new(cache.AsSource(seed: null), new StreamingPackerOptions { ContextLength = options.ContextLength, Seed = options.Seed });
        while (packer.Next(cancellationToken) is not null)
        {
        }

        return new MixtureSummary
        {
            Name = name,
            Folder = cache.Path,
            Tokens = cache.Report.Tokens,
            Sequences = cache.Report.Sequences,
            Packs = packer.Report.Packs,
            FillRate = packer.Report.FillRate,
            Shares = cache.Report.WasBuilt ? ShareSummary.Of(mixture.Report) : report.FindShares(cache.Path),
        };
    }
}
