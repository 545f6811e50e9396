using System.Diagnostics;
using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Samples.QuickStart.Reporting;
using LongContext.Samples.Shared.Repetition;
using LongContext.Tokenization;

namespace LongContext.Samples.QuickStart.Repetition;

/// <summary>Extends the word model from 256 to 2,048 tokens and measures the repetition task at each length, before and after.</summary>
internal sealed class RepetitionJob(string output, int seed)
{
    private const int Factor = RepetitionTuning.Factor;
    private const int MarkerQuestions = 40;
    private const int LastWordsQuestions = 16;
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
            Explanation = $"Repetition task: \"repeat the {RepetitionLanguage.MaximumCount} words after this marker\", which stands once, anywhere in a text of random words; "
                + $"and, apart, \"repeat the last {RepetitionLanguage.MaximumCount} words\". Levenshtein ratio of answer and output counted in words (1: word for word right) "
                + $"and perplexity of the right answer, over {MarkerQuestions} questions about markers and {LastWordsQuestions} about last words for each length. No question was seen in training.",
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

    private Task TuneAsync(CausalLanguageModel model, CancellationToken cancellationToken) => TrainingDisplay.ShowAsync(
        "fine-tuning", progress => RepetitionTuning.RunAsync(model, language, seed, progress, cancellationToken: cancellationToken));

    private ReportRow MeasureUntuned(string name, RopeScaling? scaling, CancellationToken cancellationToken)
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(BaseModel.Folder, new ModelLoadOptions { RopeScaling = scaling });
        return Measure(name, model, cancellationToken);
    }

    private ReportRow Measure(string name, CausalLanguageModel model, CancellationToken cancellationToken)
    {
        var row = new ReportRow { Name = name, LevenshteinRatio = [], LevenshteinRatioLastWords = [], Perplexity = [] };
        foreach (int length in Lengths)
        {
            row.LevenshteinRatio.Add(MeanRatio(model, length, RepetitionForm.AfterMarker, cancellationToken));
            row.LevenshteinRatioLastWords.Add(MeanRatio(model, length, RepetitionForm.LastWords, cancellationToken));
            row.Perplexity.Add(new PerplexityEvaluator(model).Evaluate([AnswersPack(length)], cancellationToken: cancellationToken).Perplexity);
        }

        return row;
    }

    private double MeanRatio(CausalLanguageModel model, int length, RepetitionForm form, CancellationToken cancellationToken)
    {
        var generator = new TextGenerator(model);
        var options = new GenerationOptions { MaximumNewTokens = RepetitionLanguage.MaximumCount };
        return MakeItems(length, form).Average(item =>
        {
            int[] made = generator.Generate(language.Tokenizer.Encode(item.Prompt.Text), options, cancellationToken);
            return RepetitionTask.WordScore(item, language.Tokenizer.Decode(made));
        });
    }

    /// <summary>All questions about markers with their right answers, which alone count.</summary>
    private PackedBatch AnswersPack(int length) => PackedBatch.Create([.. MakeItems(length, RepetitionForm.AfterMarker).Select(item =>
    {
        int[] prompt = language.Tokenizer.Encode(item.Prompt.Text), answer = language.Tokenizer.Encode(item.Answer, addSpecialTokens: false);
        return new TokenSequence((int[])[.. prompt, .. answer], (bool[])[.. prompt.Select(_ => false), .. answer.Select(_ => true)]);
    })]);

    /// <summary>Questions whose prompt and answer together have as many tokens as the column says; seeds far from the training's.</summary>
    private IEnumerable<EvaluationItem> MakeItems(int length, RepetitionForm form)
    {
        bool marked = form == RepetitionForm.AfterMarker;
        for (int i = 0; i < (marked ? MarkerQuestions : LastWordsQuestions); i++)
        {
            var task = new RepetitionTask(new RepetitionTaskOptions
            {
                Form = form,
                Words = language.Words,
                Template = marked ? RepetitionLanguage.MarkerTemplate : RepetitionLanguage.LastTemplate,
                Marker = marked ? RepetitionLanguage.Markers[i % RepetitionLanguage.Markers.Count] : null,
                MinimumCount = RepetitionLanguage.MaximumCount,
                MaximumCount = RepetitionLanguage.MaximumCount,
            });
            int promptTokens = length - RepetitionLanguage.MaximumCount - 1; // one for <s>
            yield return task.Create(language.Tokenizer, promptTokens, seed: 1_000_000_000 + (length * 1000) + i);
        }
    }
}
