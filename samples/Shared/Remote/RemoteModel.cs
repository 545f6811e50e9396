using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;

namespace LongContext.Samples.Shared.Remote;

/// <summary>A model behind an address that speaks OpenAI's protocol: of a service, or of a server of yours (vLLM, llama.cpp, Ollama).</summary>
internal sealed class RemoteModel
{
    private const string OpenAIHost = "api.openai.com", OpenAIKeyVariable = "OPENAI_API_KEY";

    /// <summary>Such as http://localhost:8000/v1; from <see cref="ParseAddress"/>.</summary>
    public required Uri Address { get; init; }

    /// <summary>The model's name there.</summary>
    public required string Name { get; init; }

    /// <summary>What is sent as the key, or null; from <see cref="ReadKey"/>. Never shown.</summary>
    public required string? Key { get; init; }

    /// <summary>How long a request may take; what waits for it must not wait for less.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Its name in results, which are kept: the same name at another address may be another model.</summary>
    public string FullName => $"{Name} at {Address.Authority}";

    /// <summary>For people: the address without what may be secret in it.</summary>
    public override string ToString() => $"{Name} at {Address.GetLeftPart(UriPartial.Path)}, {(Key is null ? "without a key" : "with a key from the environment")}";

    /// <summary>Reads an address. One that cannot be used is not repeated: it may have a key in it.</summary>
    /// <param name="option">The option that it was given by.</param>
    /// <param name="text">The address.</param>
    /// <exception cref="UsageException">It is none, or has a user name or password in it.</exception>
    public static Uri ParseAddress(string option, string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw new UsageException($"{option} expects an address that begins with http:// or https://, such as http://localhost:8000/v1.");
        // Addresses are shown and end up in files.
        return address.UserInfo.Length == 0 ? address : throw new UsageException($"{option} has a user name or password in it; a key belongs into an environment variable.");
    }

    /// <summary>The key for an address: OpenAI's own goes to OpenAI unasked, and to nobody else.</summary>
    /// <param name="address">Where it is sent.</param>
    /// <param name="variable">The environment variable for other addresses; null for no key there.</param>
    public static string? ReadKey(Uri address, string? variable)
    {
        bool isOpenAI = address is { Scheme: "https", Host: OpenAIHost };
        string? key = (variable is null ? null : Environment.GetEnvironmentVariable(variable)) ?? (isOpenAI ? Environment.GetEnvironmentVariable(OpenAIKeyVariable) : null);
        return string.IsNullOrWhiteSpace(key) ? null : key.Trim();
    }

    public IChatClient CreateChatClient() => Open().GetChatClient(Name).AsIChatClient();

    public IEmbeddingGenerator<string, Embedding<float>> CreateEmbeddingGenerator() => Open().GetEmbeddingClient(Name).AsIEmbeddingGenerator();

    private OpenAIClient Open() => new(new ApiKeyCredential(Key ?? "none"), new OpenAIClientOptions
    {
        Endpoint = Address,
        // The runner tries again by itself, and waits as long as the server asks; a client that does so too would multiply the tries.
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        NetworkTimeout = Timeout + TimeSpan.FromSeconds(30),
    });
}
