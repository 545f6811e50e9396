using LongContext.Data.Mixing;
using LongContext.Packing;
using LongContext.Samples.Shared;
using LongContext.Tokenization;

namespace LongContext.Samples.BuildMixture;

/// <summary>Builds the mixtures whose files are named, packs them as a training would, and shows what came of it.</summary>
internal sealed class Job(JobOptions options)
{
    public void Run(CancellationToken cancellationToken)
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

        List<MixtureOutcome> outcomes = [];
        if (pretraining is not null) outcomes.Add(Build("continued pre-training", pretraining, cancellationToken));
        if (fewShot is not null) outcomes.Add(Build("few-shot tuning", fewShot, cancellationToken));
        new Report(options, outcomes).ShowAndWrite();
    }

    private MixtureOutcome Build(string name, OpenMixture mixture, CancellationToken cancellationToken)
    {
        StreamingPacker packer = new(mixture, new StreamingPackerOptions { ContextLength = options.ContextLength, Seed = options.Seed });
        while (mixture.Report.Given.Tokens < options.MostTokens && packer.Next(cancellationToken) is not null)
        {
            // A training takes its steps here; packer.Capture() after each is what a checkpoint keeps of the data.
        }

        return new MixtureOutcome(name, mixture.Report, packer.Report);
    }
}
