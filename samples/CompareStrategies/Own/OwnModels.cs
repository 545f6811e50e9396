using LongContext.Evaluation;
using LongContext.Evaluation.Strategies.Compression;
using LongContext.Evaluation.Strategies.Retrieval;
using LongContext.Generation;
using LongContext.Samples.Shared.Remote;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Samples.CompareStrategies.Own;

/// <summary>The model that answers, and those that find and rank passages for it.</summary>
internal sealed class OwnModels : IDisposable
{
    private readonly List<IDisposable> clients = [];

    public OwnModels(OwnOptions options)
    {
        Answering = options.Model is { } folder ? Local(folder, options) : Remote(options.Chat!, options);
        if (options.Compression is not null || (options.Budget is not null && Answering.Scorer is not null)) Compressor = new PerplexityCompressor(Answering);

        List<IChunkRetriever> retrievers = [new Bm25Retriever()];
        if (options.Embedding is { } embedding)
            retrievers.Add(new EmbeddingRetriever(Keep(embedding.CreateEmbeddingGenerator()), new EmbeddingRetrieverOptions
            {
                Name = embedding.Name,
                Model = embedding.FullName,
                // What was embedded once is not paid for again when the command is given again.
                CacheFile = Path.Combine(Directory.CreateDirectory(options.Output).FullName, "embeddings.bin"),
            }));
        if (options.ReRanker is { } ranker)
        {
            // What the best of them found, ranked anew.
            EvaluationModel ranking = new() { Name = ranker.FullName, Client = Keep(ranker.CreateChatClient()), Tokenizer = Answering.Tokenizer };
            retrievers.Add(new ReRankingRetriever(retrievers[^1], new ListwiseReRanker(ranking)));
        }

        Retrievers = retrievers;
    }

    public EvaluationModel Answering { get; }

    /// <summary>The answering model drops what it finds likely; null where it cannot score text.</summary>
    public IContextCompressor? Compressor { get; }

    public IReadOnlyList<IChunkRetriever> Retrievers { get; }

    public void Dispose()
    {
        foreach (IDisposable client in clients) client.Dispose();
    }

    private EvaluationModel Local(string folder, OwnOptions options)
    {
        LongContextChatClient client = Keep(LongContextChatClient.Load(folder, new LongContextChatClientOptions { ContextLength = options.Window }));
        return client.ToEvaluationModel() with { Price = options.Price };
    }

    private EvaluationModel Remote(RemoteModel remote, OwnOptions options)
    {
        Tokenizer tokenizer = options.Tokenizer is { } folder ? HuggingFaceTokenizer.Load(folder) : TiktokenTokenizer.CreateForModel("gpt-4o");
        return new EvaluationModel { Name = remote.FullName, Client = Keep(remote.CreateChatClient()), Tokenizer = tokenizer, ContextLength = options.Window, Price = options.Price };
    }

    private T Keep<T>(T client)
        where T : IDisposable
    {
        clients.Add(client);
        return client;
    }
}
