using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Repetition;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;

namespace LongContext.Samples.EvaluateAnyModel.Words;

/// <summary>What runs without a model of the user's: QuickStart's word model, as it is and with its positions stretched, beyond the window it was trained for.</summary>
internal sealed class WordJob
{
    private const int Factor = 8, SearchItems = 48;

    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>Questions for each length and depth.</summary>
    public required int Questions { get; init; }

    public required IReadOnlyList<double> Depths { get; init; }

    public required double Threshold { get; init; }

    public required int Seed { get; init; }

    public required EvaluationRunOptions Run { get; init; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(WordModel.Folder);
        var language = new RepetitionLanguage(tokenizer);
        Console.WriteLine($"A word model trained for 256 tokens, as it is and with positions stretched ×{Factor} (dynamic NTK), finds and repeats 16 words after a marker.");
        EvaluationModel[] models = [Open("word model", null, tokenizer), Open($"word model dynamic ×{Factor}", RopeScaling.DynamicNtk(Factor), tokenizer)];
        try
        {
            using OneThread thread = OneThread.Use();
            var task = new MarkerTask(language, Lengths, Questions, Seed, Depths);
            EvaluationReport report = await new EvaluationRunner(Run).RunAsync(models, [task], progress: new RunLines("asking"), cancellationToken: cancellationToken);
            List<EffectiveContextResult> found = [];
            foreach (EvaluationModel model in models) found.Add(await SearchAsync(model, language, cancellationToken));
            Findings.Show(report, found, Run.Folder!);
        }
        finally
        {
            foreach (EvaluationModel model in models) model.Client.Dispose();
        }

        Console.WriteLine();
        Console.WriteLine("Your own model, in a Hugging Face folder or behind an OpenAI-compatible server:");
        Console.WriteLine("  dotnet run -c Release -- --model FOLDER --tasks needle ruler/vt --lengths 1024 2048 4096 --effective");
        Console.WriteLine("  dotnet run -c Release -- --endpoint http://localhost:8000/v1 --model-name NAME --context 32768 --tokenizer FOLDER --effective");
    }

    private static EvaluationModel Open(string name, RopeScaling? scaling, HuggingFaceTokenizer tokenizer)
    {
        CausalLanguageModel model = CausalLanguageModel.Load(WordModel.Folder, new ModelLoadOptions { RopeScaling = scaling });
        // Beyond the window is where it is interesting: nothing is refused or cut.
        var client = new LongContextChatClient(model, tokenizer, format: null, new LongContextChatClientOptions { ModelId = name, AllowsBeyondContext = true, OwnsModel = true });
        return client.ToEvaluationModel();
    }

    private Task<EffectiveContextResult> SearchAsync(EvaluationModel model, RepetitionLanguage language, CancellationToken cancellationToken)
    {
        var options = new EffectiveContextOptions
        {
            Tasks = [new MarkerTask(language, Lengths, SearchItems, Seed + 1)],
            Threshold = Threshold,
            MinimumLength = MarkerTask.ShortestLength,
            MaximumLength = Lengths[^1],
            MaximumItems = SearchItems,
            Resolution = 0.1,
            Run = Run,
        };
        return EffectiveContext.FindAsync(model, options, new SearchLines(model.Name, SearchItems), cancellationToken);
    }
}
