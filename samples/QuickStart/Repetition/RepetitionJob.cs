using System.Diagnostics;
using LongContext.Evaluation;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Tasks;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Samples.QuickStart.Reporting;
using LongContext.Tokenization;
using LongContext.Training;

namespace LongContext.Samples.QuickStart.Repetition;

/// <summary>Extends the word model from 256 to 2,048 tokens and measures the repetition task at each length, before and after.</summary>
internal sealed class RepetitionJob(string output, int seed)
{
    private const int Factor = 8;
    private const int Steps = 440;
    private const int PackTokens = 4096;
    private const int ItemsPerForm = 12;
    private const int LongestDocument = BaseModel.ContextLength * Factor;
    private static readonly int[] Lengths = [256, 512, 1024, 2048];

    private readonly RepetitionLanguage language = new(HuggingFaceTokenizer.Load(BaseModel.Folder));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        Console.WriteLine($"A word model trained for {BaseModel.ContextLength} tokens, asked to repeat words of texts of up to {LongestDocument:N0} tokens.");
        var report = new Report
        {
            Title = $"From {BaseModel.ContextLength} to {LongestDocument:N0} tokens",
            Explanation = "Repetition task: random words, then \"repeat the last k words\" or \"repeat the words after this marker\" (half of the "
                + $"{2 * ItemsPerForm} questions each; the marker lies anywhere in the text). Levenshtein ratio of answer and output, counted in words: "
                + "1 is word for word right. Perplexity is of the right answer's words. No question was seen in training.",
            Lengths = Lengths,
            Rows = [],
        };
        report.Rows.Add(MeasureUntuned("as it is", null, cancellationToken));
        report.Rows.Add(MeasureUntuned($"linear ×{Factor} without fine-tuning", RopeScaling.Linear(Factor), cancellationToken));
        report.Rows.Add(MeasureUntuned($"dynamic ×{Factor} without fine-tuning", RopeScaling.DynamicNtk(Factor), cancellationToken));

        using CausalLanguageModel model = CausalLanguageModel.Load(BaseModel.Folder, new ModelLoadOptions { RopeScaling = RopeScaling.Linear(Factor) });
        await TuneAsync(model, cancellationToken);
        report.Rows.Add(Measure($"linear ×{Factor} fine-tuned on packed long sequences", model, cancellationToken));
        string saved = Path.Combine(output, "model");
        model.Save(saved);
        report.Seconds = watch.Elapsed.TotalSeconds;
        report.Show();
        report.Write(output, saved);
    }

    private async Task TuneAsync(CausalLanguageModel model, CancellationToken cancellationToken)
    {
        List<PackedBatch> packs = MakePacks();
        var options = new TrainerOptions
        {
            Steps = packs.Count,
            LearningRate = 3e-3,
            Schedule = LearningRateSchedule.Cosine(warmupSteps: 10),
            AdamW = new AdamWOptions { Beta2 = 0.98, WeightDecay = 0.05 },
        };
        using var trainer = new LongContextTrainer(model, options);
        await TrainingDisplay.ShowAsync("fine-tuning", progress => trainer.TrainAsync(PackSource.FromList(packs, seed: null), progress, cancellationToken));
    }

    /// <summary>
    /// Short documents first: after interpolation neighbours lie eight times closer, and telling them apart is learned again
    /// fastest where there are few. Then ever longer ones, up to the new window.
    /// </summary>
    private List<PackedBatch> MakePacks()
    {
        var random = new Random(seed);
        var corpus = new RepetitionCorpus(language, random);
        var packer = new SequencePacker(new SequencePackerOptions { ContextLength = PackTokens, Algorithm = PackingAlgorithm.BestFitDecreasing });
        (double Share, int[] DocumentLengths, double Copies)[] stages =
        [
            (0.20, [64], 0.7),
            (0.15, [256], 0.2),
            (0.25, [512, 1024], 0.2),
            (0.40, [1024, 2048, 2048], 0.1),
        ];
        var packs = new List<PackedBatch>();
        foreach ((double share, int[] documentLengths, double copies) in stages)
        {
            var documents = new List<TokenSequence>();
            for (long left = (long)(share * Steps) * PackTokens; left > 0; left -= documents[^1].Length)
            {
                int length = documentLengths[random.Next(documentLengths.Length)];
                documents.Add(random.NextDouble() < copies ? corpus.Copy(length) : corpus.Questions(length, longestChunk: length * 9 / 10));
            }

            PackedBatch[] stage = [.. packer.Pack(documents)];
            random.Shuffle(stage); // best fit leaves the longest documents' packs in front
            packs.AddRange(stage);
        }

        return packs;
    }

    private ReportRow MeasureUntuned(string name, RopeScaling? scaling, CancellationToken cancellationToken)
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(BaseModel.Folder, new ModelLoadOptions { RopeScaling = scaling });
        return Measure(name, model, cancellationToken);
    }

    private ReportRow Measure(string name, CausalLanguageModel model, CancellationToken cancellationToken)
    {
        var row = new ReportRow { Name = name, LevenshteinRatio = [], Perplexity = [] };
        var generator = new TextGenerator(model);
        var evaluator = new PerplexityEvaluator(model);
        foreach (int length in Lengths)
        {
            double ratios = 0;
            var perplexity = new PerplexityAccumulator();
            List<EvaluationItem> items = MakeItems(length);
            foreach (EvaluationItem item in items)
            {
                int[] prompt = language.Tokenizer.Encode(item.Prompt), answer = language.Tokenizer.Encode(item.Answer, addSpecialTokens: false);
                int[] made = generator.Generate(prompt, new GenerationOptions { MaximumNewTokens = answer.Length }, cancellationToken);
                ratios += RepetitionTask.WordScore(item, language.Tokenizer.Decode(made));

                bool[] counts = [.. prompt.Select(_ => false), .. answer.Select(_ => true)];
                perplexity.Add(evaluator.Evaluate([PackedBatch.Create([new TokenSequence((int[])[.. prompt, .. answer], counts)])], cancellationToken: cancellationToken));
            }

            row.LevenshteinRatio.Add(ratios / items.Count);
            row.Perplexity.Add(perplexity.Perplexity);
        }

        return row;
    }

    /// <summary>Questions whose prompt and answer together have as many tokens as the column says; seeds far from the training's.</summary>
    private List<EvaluationItem> MakeItems(int length)
    {
        const int count = RepetitionLanguage.MaximumCount;
        int promptTokens = length - count - 1; // one for <s>
        var items = new List<EvaluationItem>();
        for (int i = 0; i < ItemsPerForm; i++)
        {
            int itemSeed = 1_000_000_000 + (length * 1000) + i;
            var last = new RepetitionTaskOptions { Form = RepetitionForm.LastWords, Words = language.Words, Template = RepetitionLanguage.LastTemplate, MinimumCount = count, MaximumCount = count };
            items.Add(new RepetitionTask(last).Create(language.Tokenizer, promptTokens, itemSeed));
            var marked = new RepetitionTaskOptions
            {
                Form = RepetitionForm.AfterMarker,
                Words = language.Words,
                Template = RepetitionLanguage.MarkerTemplate,
                Marker = RepetitionLanguage.Markers[i % RepetitionLanguage.Markers.Count],
                MinimumCount = count,
                MaximumCount = count,
            };
            items.Add(new RepetitionTask(marked).Create(language.Tokenizer, promptTokens, itemSeed));
        }

        return items;
    }
}
