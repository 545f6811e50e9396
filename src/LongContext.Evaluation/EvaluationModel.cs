using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

/// <summary>A model to evaluate: how it is asked, how its tokens are counted, how much fits into it.</summary>
public sealed record EvaluationModel
{
    /// <summary>Its name in reports, and with <see cref="Identity"/> what tells its answers apart from those of others when they are kept. Required.</summary>
    /// <exception cref="ArgumentException">Null or empty.</exception>
    public required string Name
    {
        get;
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value, nameof(Name));
            field = value;
        }
    }

    /// <summary>
    /// Which model it is behind its name: a revision, a hash of its weights, an endpoint. Answers that were kept for another identity are not used. Null (the default): what the client's
    /// <see cref="ChatClientMetadata"/> say, provider, address (without query) and model id, where it has some. A server that changes a model behind the same name and address
    /// cannot be told from one that does not: give a revision then. Nor can a client that changes requests on their way (other options, a system message) from the client below it, whose
    /// metadata it passes on: give such a model another <see cref="Name"/> or an identity, or answers that were kept without the change are taken for its own.
    /// </summary>
    public string? Identity { get; init; }

    /// <summary>How it is asked. Required.</summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public required IChatClient Client { get; init => field = value ?? throw new ArgumentNullException(nameof(Client)); }

    /// <summary>Counts and cuts its text. Required; where the model's own is not to be had, one that is close.</summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public required Tokenizer Tokenizer { get; init => field = value ?? throw new ArgumentNullException(nameof(Tokenizer)); }

    /// <summary>Tokens of prompt and answer together that fit, or null (the default) where nobody knows: then nothing is cut.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? ContextLength { get; init => field = AtLeastOne(value, nameof(ContextLength)); }

    /// <summary>
    /// Tokens kept free for what the client writes around a prompt, such as a chat template; at least 0. Default: 64.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0.</exception>
    public int TemplateTokens { get; init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(TemplateTokens), value, "Expected at least 0."); } = 64;

    /// <summary>
    /// Whether the client goes on with an assistant's message that stands at the end of the conversation. Default: false; then the beginning of an
    /// answer that a task prescribes is put at the end of the user's message, as RULER does for remote models.
    /// </summary>
    /// <remarks>
    /// Servers like vLLM want to be told, by <c>continue_final_message</c> and <c>add_generation_prompt</c>, which a run puts into the request's
    /// <c>ChatOptions.AdditionalProperties</c> (<see cref="ChatOptionKeys"/>). The client of Microsoft.Extensions.AI.OpenAI does not send these; a wrapper around it can:
    /// <code>
    /// IChatClient client = openAI.GetChatClient("model").AsIChatClient().AsBuilder().ConfigureOptions(options => options.RawRepresentationFactory = _ =>
    /// {
    ///     ChatCompletionOptions raw = new();
    ///     foreach ((string name, object? value) in options.AdditionalProperties ?? [])
    ///         raw.Patch.Set(Encoding.UTF8.GetBytes("$." + name), BinaryData.FromObjectAsJson(value));
    ///     return raw;
    /// }).Build();
    /// </code>
    /// </remarks>
    public bool ContinuesAnswers { get; init; }

    /// <summary>What its tokens cost, or null (the default) where that is of no interest.</summary>
    public ModelPrice? Price { get; init; }

    /// <summary>Requests to it at once, at least 1, or null (the default) for <see cref="EvaluationRunOptions.RequestsAtOnce"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? RequestsAtOnce { get; init => field = AtLeastOne(value, nameof(RequestsAtOnce)); }

    /// <summary>Requests to it in a minute at most, at least 1, or null (the default) for <see cref="EvaluationRunOptions.RequestsPerMinute"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? RequestsPerMinute { get; init => field = AtLeastOne(value, nameof(RequestsPerMinute)); }

    /// <summary>Tokens to and from it in a minute at most, at least 1, or null (the default) for <see cref="EvaluationRunOptions.TokensPerMinute"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? TokensPerMinute { get; init => field = AtLeastOne(value, nameof(TokensPerMinute)); }

    /// <summary>Scores given text, where the client can; else null.</summary>
    public ITokenScorer? Scorer => Client.GetService(typeof(ITokenScorer)) as ITokenScorer;

    /// <summary><see cref="Identity"/>, or what the client says of itself, or empty where it says nothing.</summary>
    internal string FindIdentity()
    {
        if (Identity is not null) return Identity;
        if (Client.GetService(typeof(ChatClientMetadata)) is not ChatClientMetadata known) return string.Empty;
        // Queries and user names may hold keys, which are not for files.
        string? address = known.ProviderUri is { IsAbsoluteUri: true } uri ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : null;
        return string.Join(' ', new[] { known.ProviderName, address, known.DefaultModelId }.Where(part => !string.IsNullOrEmpty(part)));
    }

    private static int? AtLeastOne(int? value, string name) =>
        value is null or >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, "Expected at least 1, or null.");
}
