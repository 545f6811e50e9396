using LongContext.Evaluation;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Strategies.Compression;
using LongContext.Evaluation.Strategies.Retrieval;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Repetition;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;

namespace LongContext.Samples.CompareStrategies.Words;

/// <summary>
/// The comparison that needs nothing: QuickStart's word model, trained for 256 tokens, and the same with its positions stretched eightfold. They are to repeat 16 words after a
/// marker in texts of 512 to 2,048 tokens.
/// </summary>
internal sealed class WordComparison(string output, int questions, int seed)
{
    private static readonly int[] Lengths = [512, 1024, 2048];

    /// <summary>What question and answer leave of 256 tokens, and some to spare.</summary>
    private static readonly ContextBudget Budget = ContextBudget.OfTokens(192);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(WordModel.Folder);
        EvaluationModel trained = Load("window 256", tokenizer, scaling: null), stretched = Load("window 256, yarn ×8", tokenizer, RopeScaling.Yarn(8));
        using (trained.Client)
        using (stretched.Client)
        using (var embeddings = new HashedWordEmbeddings())
        using (OneThread.Use())
        {
            var plan = new StrategyPlan
            {
                Budgets = [Budget],
                Compressor = new PerplexityCompressor(trained),
                // A passage has twice the words that are asked for and begins with the second half of the one before, so that one has marker and answer.
                Chunking = new ChunkingOptions { Unit = ChunkUnit.Words, Size = 2 * RepetitionLanguage.MaximumCount, Overlap = RepetitionLanguage.MaximumCount },
                Retrievers = [new Bm25Retriever(), new EmbeddingRetriever(embeddings, new EmbeddingRetrieverOptions { Name = "hashed words" })],
                Counts = [5, 20],
            };
            var task = new MarkerTask(new RepetitionLanguage(tokenizer), Lengths, questions, seed);
            Console.WriteLine($"Repeating 16 words after a marker in up to {Lengths[^1]:N0} tokens, with two models and {plan.Make().Count} ways to treat a long text.");
            await new Comparison("Strategies for long contexts: words after a marker", output).RunAsync([trained, stretched], [task], plan.Make(), cancellationToken);
        }
    }

    private static EvaluationModel Load(string name, HuggingFaceTokenizer tokenizer, RopeScaling? scaling)
    {
        CausalLanguageModel model = CausalLanguageModel.Load(WordModel.Folder, new ModelLoadOptions { RopeScaling = scaling });
        // What becomes of it beyond its window is the question: nothing is refused or cut.
        var client = new LongContextChatClient(model, tokenizer, format: null, new LongContextChatClientOptions { ModelId = name, AllowsBeyondContext = true, OwnsModel = true });
        return client.ToEvaluationModel();
    }
}
