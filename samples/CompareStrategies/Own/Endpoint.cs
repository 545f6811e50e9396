using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;

namespace LongContext.Samples.CompareStrategies.Own;

/// <summary>A model behind an address that speaks OpenAI's protocol: of a service, or of a server of yours (vLLM, llama.cpp, Ollama).</summary>
/// <param name="Address">Such as http://localhost:8000/v1.</param>
/// <param name="Name">The model's name there.</param>
/// <param name="KeyVariable">The environment variable with the key. Servers of one's own need none.</param>
internal sealed record Endpoint(Uri Address, string Name, string KeyVariable)
{
    /// <summary>Its name in results, which are kept: the same name at another address may be another model.</summary>
    public string FullName => $"{Name} at {Address.Authority}";

    public IChatClient CreateChatClient() => Open().GetChatClient(Name).AsIChatClient();

    public IEmbeddingGenerator<string, Embedding<float>> CreateEmbeddingGenerator() => Open().GetEmbeddingClient(Name).AsIEmbeddingGenerator();

    private OpenAIClient Open()
    {
        string? key = Environment.GetEnvironmentVariable(KeyVariable);
        return new OpenAIClient(new ApiKeyCredential(string.IsNullOrWhiteSpace(key) ? "none" : key), new OpenAIClientOptions
        {
            Endpoint = Address,
            // The runner tries again by itself, and waits as long as the server asks.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = TimeSpan.FromMinutes(11), // a minute more than the runner's own limit
        });
    }
}
