using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Repetition;
using LongContext.Tokenization;

namespace LongContext.Samples.QuantizeModel.Measured;

/// <summary>QuickStart's word model: its texts are words drawn at random and questions about them, so that what it can predict is what it finds again.</summary>
internal sealed class WordsModel : IMeasuredModel
{
    private const int Window = 256, LongestTask = 240, MeasuredDocuments = 32;
    private readonly RepetitionLanguage language;
    private readonly int seed;

    public WordsModel(int items, int seed)
    {
        this.seed = seed;
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(WordModel.Folder);
        language = new RepetitionLanguage(tokenizer);
        var random = new Random(seed + 1);
        int[] text = [.. Enumerable.Range(0, MeasuredDocuments).SelectMany(_ => Document(random))];
        Measure = new QuantizationReportOptions
        {
            Text = text,
            Perplexity = new PerplexityByLengthOptions { Lengths = [Window], MaximumWindows = MeasuredDocuments },
            Tasks = [new MarkerTask(language, [64, 128, LongestTask], items, seed)],
            Tokenizer = tokenizer,
            Run = new EvaluationRunOptions { RequestsAtOnce = 1 },
        };
    }

    public string Description => $"QuickStart's word model, window {Window}: perplexity of questions with their answers, and 16 words repeated from after a marker.";

    public QuantizationReportOptions Measure { get; }

    public CausalLanguageModel Load() => CausalLanguageModel.Load(WordModel.Folder);

    public IReadOnlyList<PackedBatch> Calibration(long tokens)
    {
        var corpus = new RepetitionCorpus(language, new Random(seed), shareOfLastWords: 0.5);
        return [.. Enumerable.Range(0, (int)Math.Max(1, tokens / (16 * Window))).Select(_ => PackedBatch.Create([.. Enumerable.Range(0, 16).Select(_ => corpus.Questions(Window))]))];
    }

    /// <summary>A marker and some words, then the question for them and the answer, over and over: the answers are known to who still reads the words.</summary>
    private int[] Document(Random random)
    {
        int marker = language.MarkerIds[random.Next(language.MarkerIds.Length)];
        int[] words = [.. Enumerable.Range(0, RepetitionLanguage.MaximumCount).Select(_ => language.WordIds[random.Next(language.WordIds.Length)])];
        IEnumerable<int> questions = Enumerable.Range(0, Window).SelectMany(_ => (int[])[language.RepeatId, marker, .. words]);
        return [.. questions.Skip(1).Prepend(language.BeginningId).Take(Window)];
    }
}
