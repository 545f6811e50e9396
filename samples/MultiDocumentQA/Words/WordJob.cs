using System.Diagnostics;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Recipes;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Reporting;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;

namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>Tunes the word model on questions about documents and measures by the gold document's place, before and after.</summary>
internal sealed class WordJob(WordJobOptions options)
{
    private const int Examples = 3;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var language = new WordLanguage(HuggingFaceTokenizer.Load(WordModel.Folder));
        int most = (WordTuning.ContextLength - PassageLanguage.BesideDocuments) / PassageLanguage.LongestPassage;
        if (options.Documents.Any(count => count < 2 || count > most)) throw new UsageException($"--documents must be from 2 to {most}: more do not fit into {WordTuning.ContextLength:N0} tokens.");
        var questions = new WordQuestions(language);
        var study = new PositionStudy(questions, language.Tokenizer, options.Documents, options.Questions, PassageLanguage.AnswerWords);
        var report = new TableReport
        {
            Title = $"Questions about one of {options.Documents[0]} to {options.Documents[^1]} documents",
            Explanation = $"Made-up documents of 14 to {PassageLanguage.LongestPassage} tokens, called by a sign and a word each of which other documents share; asked for the words after the title of one, the gold "
                + $"document. {options.Questions} questions for each number of documents, the same at each place: {PositionStudy.PlacesExplained}. Share of questions whose answer holds the right one "
                + "(best_subspan_em of Lost in the Middle). No question was seen in training.",
        };
        report.Tables.Add(WordTuning.MeasureUntuned(null, model => study.Measure("as it is: a window of 256 tokens", model, cancellationToken)));
        report.Tables.Add(WordTuning.MeasureUntuned(RopeScaling.Linear(WordTuning.Factor), model => study.Measure($"linear ×{WordTuning.Factor} without fine-tuning", model, cancellationToken)));
        Console.WriteLine($"Measured the word model as it is in {watch.Elapsed.TotalSeconds:0} s.");

        string saved = Path.Combine(options.Output, "model");
        using CausalLanguageModel model = CausalLanguageModel.Load(WordModel.Folder);
        TrainingRecipe recipe = WordTuning.Compose(model, PassageCurriculum.Make(language, options.Tokens, options.Seed), options.Seed, saved, cancellationToken);
        await recipe.RunAsync(model, new StepLines("fine-tuning"), cancellationToken: cancellationToken);
        using OneThread threads = OneThread.Use();
        report.Tables.Add(study.Measure($"linear ×{WordTuning.Factor} fine-tuned on documents and questions", model, cancellationToken));

        for (int number = 0; number < Examples; number++) report.Examples.Add(study.Example(number, options.Documents[^1], model, cancellationToken));
        report.Seconds = watch.Elapsed.TotalSeconds;
        report.Show();
        report.Write(options.Output, saved);
    }
}
