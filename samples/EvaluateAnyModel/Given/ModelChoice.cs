using System.CommandLine;
using LongContext.Evaluation;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Remote;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>The options that say which model is evaluated.</summary>
internal sealed class ModelChoice
{
    private readonly Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder: the model is run here." };
    private readonly Option<string?> endpoint = new("--endpoint") { Description = "The address of an OpenAI-compatible server, such as http://localhost:8000/v1. Needs --model-name." };
    private readonly Option<string?> name = new("--model-name") { Description = "With --endpoint: the model's name there." };
    private readonly Option<string?> keyVariable = new("--api-key-variable") { Description = "With --endpoint: the environment variable that holds the key. Default: none is sent, but for OPENAI_API_KEY to api.openai.com." };
    private readonly Option<DirectoryInfo?> tokenizer = new("--tokenizer") { Description = "With --endpoint: a folder with the model's tokenizer.json. Default: GPT-4o's, by which lengths are near enough." };
    private readonly Option<int?> context = new("--context") { Description = "Tokens of prompt and answer that fit into the model. Default: a folder's own window; unknown for an endpoint." };
    private readonly Option<int> timeout = new("--timeout") { Description = "With --endpoint: seconds that one request may take.", DefaultValueFactory = _ => 600 };
    private readonly Option<decimal?> priceIn = new("--price-in") { Description = "What a million tokens of prompts cost. Goes with --price-out." };
    private readonly Option<decimal?> priceOut = new("--price-out") { Description = "What a million tokens of answers cost." };

    public IEnumerable<Option> Options => [model, endpoint, name, keyVariable, tokenizer, context, timeout, priceIn, priceOut];

    /// <summary>How long one request may take.</summary>
    public TimeSpan Timeout(ParseResult parsed) => TimeSpan.FromSeconds(parsed.AtLeast(timeout, 1));

    /// <summary>Checks all of it; what comes back loads the model or reaches for it, and is null where the command line names none.</summary>
    public Func<EvaluationModel>? Read(ParseResult parsed)
    {
        int? window = parsed.GetValue(context);
        if (window < 64) throw new UsageException($"--context is {window}, expected at least 64.");
        ModelPrice? price = Price(parsed);
        DirectoryInfo? folder = parsed.GetValue(model);
        string? address = parsed.GetValue(endpoint);
        if (folder is not null && address is not null) throw new UsageException("--model and --endpoint are two models; give one of them.");
        if (address is null) parsed.RequireNone("--endpoint URL", name, keyVariable, tokenizer, timeout);
        if (folder is not null) return () => OpenModel.Local(folder.FullName, window) with { Price = price };
        if (address is null)
        {
            parsed.RequireNone("--model FOLDER or --endpoint URL", context, priceIn, priceOut);
            return null;
        }

        Uri where = RemoteModel.ParseAddress(endpoint.Name, address);
        string? variable = parsed.GetValue(keyVariable), key = RemoteModel.ReadKey(where, variable);
        if (variable is not null && key is null) throw new UsageException($"{keyVariable.Name} {variable}: that environment variable is not set.");
        var remote = new RemoteModel
        {
            Address = where,
            Name = parsed.GetValue(name) ?? throw new UsageException("--endpoint needs --model-name NAME: the model's name there."),
            Key = key,
            Timeout = Timeout(parsed),
        };
        string? tokenizerFolder = parsed.GetValue(tokenizer)?.FullName;
        return () => OpenModel.Remote(remote, tokenizerFolder, window) with { Price = price };
    }

    private ModelPrice? Price(ParseResult parsed) => (parsed.GetValue(priceIn), parsed.GetValue(priceOut)) switch
    {
        (null, null) => null,
        ({ } input, { } output) when input >= 0 && output >= 0 => new ModelPrice(input, output),
        ({ } input, { } output) => throw new UsageException(FormattableString.Invariant($"--price-in is {input} and --price-out {output}, expected at least 0.")),
        _ => throw new UsageException("--price-in and --price-out go together."),
    };
}
