using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

/// <summary>A model to evaluate: how it is asked, how its tokens are counted, how much fits into it.</summary>
public sealed record EvaluationModel
{
    /// <summary>Its name in reports, and what tells its answers apart from those of others when they are kept. Required.</summary>
    public required string Name { get; init; }

    /// <summary>How it is asked. Required.</summary>
    public required IChatClient Client { get; init; }

    /// <summary>Counts and cuts its text. Required; where the model's own is not to be had, one that is close.</summary>
    public required Tokenizer Tokenizer { get; init; }

    /// <summary>Tokens of prompt and answer together that fit, or null (the default) where nobody knows: then nothing is cut.</summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// Tokens kept free for what the client writes around a prompt, such as a chat template. Default: 64.
    /// </summary>
    public int TemplateTokens { get; init; } = 64;

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

    /// <summary>Scores given text, where the client can; else null.</summary>
    public ITokenScorer? Scorer => Client.GetService(typeof(ITokenScorer)) as ITokenScorer;
}
