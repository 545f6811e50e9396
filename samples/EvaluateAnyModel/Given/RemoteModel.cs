using System.ClientModel;
using System.ClientModel.Primitives;
using LongContext.Evaluation;
using LongContext.Samples.Shared;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;
using OpenAI;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>A model behind an OpenAI-compatible server: OpenAI's own, vLLM, llama.cpp, Ollama and many others.</summary>
internal sealed class RemoteModel
{
    private const string UsualKeyVariable = "OPENAI_API_KEY";

    public required Uri Address { get; init; }

    /// <summary>The model's name there.</summary>
    public required string Name { get; init; }

    /// <summary>What is sent as the key, or null. Never shown.</summary>
    public required string? Key { get; init; }

    /// <summary>A folder with the model's tokenizer, or null.</summary>
    public required string? TokenizerFolder { get; init; }

    public required int? ContextLength { get; init; }

    /// <summary>How long a request may take.</summary>
    public required TimeSpan Timeout { get; init; }

    public static Uri ParseAddress(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            throw new UsageException("--endpoint expects an address that begins with http:// or https://, such as http://localhost:8000/v1.");
        // Addresses are shown and end up in files.
        return address.UserInfo.Length == 0 ? address : throw new UsageException("--endpoint has a user name or password in it; a key belongs into an environment variable, which --api-key-variable names.");
    }

    public static string? ReadKey(string? variable)
    {
        string? key = Environment.GetEnvironmentVariable(variable ?? UsualKeyVariable);
        if (!string.IsNullOrWhiteSpace(key)) return key.Trim();
        return variable is null ? null : throw new UsageException($"--api-key-variable {variable}: that environment variable is not set.");
    }

    public EvaluationModel Open()
    {
        // The runner retries and knows when; a client that retries too would multiply the tries.
        var options = new OpenAIClientOptions { Endpoint = Address, RetryPolicy = new ClientRetryPolicy(maxRetries: 0), NetworkTimeout = Timeout + TimeSpan.FromSeconds(30) };
        IChatClient client = new OpenAIClient(new ApiKeyCredential(Key ?? "none"), options).GetChatClient(Name).AsIChatClient();
        Tokenizer tokenizer = TokenizerFolder is null ? TiktokenTokenizer.CreateForEncoding("o200k_base") : HuggingFaceTokenizer.Load(TokenizerFolder);
        Console.WriteLine($"{Name} at {Address}, {(Key is null ? "without a key" : "with a key from the environment")}.");
        Console.WriteLine(TokenizerFolder is null
            ? "Lengths are estimates, counted by GPT-4o's tokenizer (o200k_base); --tokenizer FOLDER counts by the model's own."
            : $"Lengths are counted by the tokenizer in {TokenizerFolder}.");
        // Answers are kept under this name: the same model's name at another address may be another model.
        return new EvaluationModel { Name = $"{Name} at {Address.Authority}", Client = client, Tokenizer = tokenizer, ContextLength = ContextLength };
    }
}
