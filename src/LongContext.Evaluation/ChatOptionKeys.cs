namespace LongContext.Evaluation;

/// <summary>
/// Names in a request's <c>ChatOptions.AdditionalProperties</c> for what chat options have no member for. Where servers have a name for it, it is theirs.
/// </summary>
public static class ChatOptionKeys
{
    /// <summary>True: the messages' text is gone on with as it is, without a chat template. The library's own.</summary>
    public const string Completion = "longcontext_completion";

    /// <summary>True: the last message is an assistant's, and the answer goes on with it. As vLLM and transformers call it.</summary>
    public const string ContinueFinalMessage = "continue_final_message";

    /// <summary>
    /// False: the template does not begin another message of the assistant's. It goes with <see cref="ContinueFinalMessage"/>, which vLLM and transformers refuse without it. As they call it.
    /// </summary>
    public const string AddGenerationPrompt = "add_generation_prompt";

    /// <summary>Tokens of the answer at least, an int. As vLLM calls it.</summary>
    public const string MinimumNewTokens = "min_tokens";
}
