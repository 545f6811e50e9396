using System.CommandLine;
using LongContext.Evaluation;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Remote;

namespace LongContext.Samples.CompareStrategies.Own;

/// <summary>The options for a model and data of the user's, as they stand on the command line.</summary>
internal sealed class OwnCommand
{
    private readonly Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder that answers. Needs --questions or --longbench-e." };
    private readonly Option<string?> endpoint = new("--endpoint") { Description = "Or an address that speaks OpenAI's protocol, with --model-name. Key: OPENAI_API_KEY for api.openai.com, CHAT_API_KEY for any other." };
    private readonly Option<string?> modelName = new("--model-name") { Description = "The model's name at --endpoint." };
    private readonly Option<DirectoryInfo?> tokenizer = new("--tokenizer") { Description = "With --endpoint: a folder with the model's tokenizer.json. Default: GPT-4o's, near enough." };
    private readonly Option<int?> context = new("--context") { Description = "Tokens of prompt and answer that fit. Default: what the folder says; at an endpoint nothing is cut." };
    private readonly Option<FileInfo?> questions = new("--questions") { Description = "Records with question, context and answers (JSONL, JSON, CSV, Parquet)." };
    private readonly Option<DirectoryInfo?> longBenchE = new("--longbench-e") { Description = "Or LongBench-E's folder: data and config as in its repository." };
    private readonly Option<string> metric = new("--metric") { Description = "How answers to --questions are scored.", DefaultValueFactory = _ => "word_f1" };
    private readonly Option<string?> template = new("--template") { Description = "The prompt for --questions, with {context} and {question}." };
    private readonly Option<int> newTokens = new("--new-tokens") { Description = "Tokens of an answer to --questions at most.", DefaultValueFactory = _ => 64 };
    private readonly Option<int?> items = new("--items") { Description = "Only the first so many items of each task." };
    private readonly Option<int[]> counts = new("--k") { Description = "Passages that the model gets.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [5, 20, 50] };
    private readonly Option<int> chunk = new("--chunk") { Description = "Characters of a passage.", DefaultValueFactory = _ => 200 };
    private readonly Option<int?> budget = new("--budget") { Description = "Tokens of a context that truncation, compression and retrieval (of its k passages) keep: strategies on equal terms. Default: what fits." };
    private readonly Option<double?> compression = new("--compression") { Description = "With --model: share of a context's tokens that compression keeps, and truncation beside it." };
    private readonly Option<string?> reRanker = new("--reranker-endpoint") { Description = "Where a model ranks what was found, with --reranker-name. Key: RERANKER_API_KEY." };
    private readonly Option<string?> reRankerName = new("--reranker-name") { Description = "That model's name." };
    private readonly Option<string?> embedding = new("--embedding-endpoint") { Description = "Where an embedding model is, with --embedding-name. Key: EMBEDDING_API_KEY." };
    private readonly Option<string?> embeddingName = new("--embedding-name") { Description = "That model's name." };
    private readonly Option<decimal?> priceIn = new("--price-in") { Description = "What a million tokens of prompts cost. Goes with --price-out." };
    private readonly Option<decimal?> priceOut = new("--price-out") { Description = "What a million tokens of answers cost." };

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> Options =>
    [
        model, endpoint, modelName, tokenizer, context, questions, longBenchE, metric, template, newTokens, items, counts, chunk, budget, compression,
        reRanker, reRankerName, embedding, embeddingName, priceIn, priceOut,
    ];

    /// <summary>What they say, or null where there is none of them.</summary>
    /// <exception cref="UsageException">They do not go together.</exception>
    public OwnOptions? Read(ParseResult parsed, string output)
    {
        string[] given = [.. Options.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
        if (given.Length == 0) return null;
        DirectoryInfo? folder = parsed.GetValue(model);
        RemoteModel? chat = RemoteOf(parsed, endpoint, modelName, "CHAT_API_KEY");
        if ((folder is null) == (chat is null))
            throw new UsageException($"{string.Join(", ", given)}: expected either --model FOLDER or --endpoint URL, the model that answers.");
        FileInfo? file = parsed.GetValue(questions);
        DirectoryInfo? benchmark = parsed.GetValue(longBenchE);
        if ((file is null) == (benchmark is null))
            throw new UsageException($"{(folder is null ? "--endpoint" : "--model")} needs either --questions FILE or --longbench-e FOLDER: what is asked.");
        if (folder is not null && parsed.GetValue(tokenizer) is not null) throw new UsageException("--tokenizer with --model says nothing: the model's folder has its own.");
        if (chat is not null && parsed.GetValue(compression) is not null) throw new UsageException("--compression needs --model FOLDER: an endpoint does not say how likely a text is.");
        int[] passages = parsed.GetValue(counts)!;
        if (passages.Length == 0 || passages.Any(count => count < 1)) throw new UsageException($"--k is {string.Join(' ', passages)}, expected numbers of at least 1.");
        if (parsed.GetValue(compression) is { } share and not (> 0 and <= 1))
            throw new UsageException(FormattableString.Invariant($"--compression is {share}, expected above 0 and at most 1."));
        return new OwnOptions
        {
            Model = folder?.FullName,
            Chat = chat,
            Tokenizer = parsed.GetValue(tokenizer)?.FullName,
            Window = AtLeastOne(parsed, context),
            ReRanker = RemoteOf(parsed, reRanker, reRankerName, "RERANKER_API_KEY"),
            Embedding = RemoteOf(parsed, embedding, embeddingName, "EMBEDDING_API_KEY"),
            Questions = file?.FullName,
            LongBenchE = benchmark?.FullName,
            Metric = parsed.GetValue(metric)!,
            Template = parsed.GetValue(template),
            NewTokens = parsed.AtLeast(newTokens, 1),
            MaximumItems = AtLeastOne(parsed, items),
            Counts = [.. passages.Distinct()],
            Chunk = parsed.AtLeast(chunk, 1),
            Budget = AtLeastOne(parsed, budget),
            Compression = parsed.GetValue(compression),
            Price = PriceOf(parsed),
            Output = output,
        };
    }

    private static RemoteModel? RemoteOf(ParseResult parsed, Option<string?> address, Option<string?> name, string keyVariable)
    {
        string? where = parsed.GetValue(address), who = parsed.GetValue(name);
        if (where is null && who is null) return null;
        if (string.IsNullOrWhiteSpace(where) || string.IsNullOrWhiteSpace(who))
            throw new UsageException($"{address.Name} and {name.Name} go together: where a model is and what it is called there.");
        Uri uri = RemoteModel.ParseAddress(address.Name, where);
        return new RemoteModel { Address = uri, Name = who, Key = RemoteModel.ReadKey(uri, keyVariable) };
    }

    private ModelPrice? PriceOf(ParseResult parsed) => (parsed.GetValue(priceIn), parsed.GetValue(priceOut)) switch
    {
        (null, null) => null,
        ( >= 0 and var input, >= 0 and var answers) => new ModelPrice(input, answers),
        _ => throw new UsageException("--price-in and --price-out go together, numbers of at least 0: for a million tokens of prompts and of answers."),
    };

    private static int? AtLeastOne(ParseResult parsed, Option<int?> option) => parsed.GetValue(option) switch
    {
        null => null,
        >= 1 and var value => value,
        var value => throw new UsageException(FormattableString.Invariant($"{option.Name} is {value}, expected at least 1.")),
    };
}
