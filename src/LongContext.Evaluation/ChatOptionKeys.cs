namespace LongContext.Evaluation;

/// <summary>
/// Names in a request's <c>ChatOptions.AdditionalProperties</c> for what chat options have no member for. Where servers have a name for it, it is theirs.
/// </summary>
public static class ChatOptionKeys
{
    /// <summary>True: the messages' text is gone on with as it is, without a chat template. The library's own.</summary>
    public const string Completion = "longcontext_completion";

    /// <summary>
    /// The prompt as token ids, ints, within the vocabulary: gone on with as they are, without a chat template and with nothing put before them. The messages then have no text. As vLLM calls it.
    /// </summary>
    public const string PromptTokenIds = "prompt_token_ids";

    /// <summary>True: the last message is an assistant's, and the answer goes on with it. As vLLM and transformers call it.</summary>
    public const string ContinueFinalMessage = "continue_final_message";

    /// <summary>
    /// False: the template does not begin another message of the assistant's. It goes with <see cref="ContinueFinalMessage"/>, which vLLM and transformers refuse without it. As they call it.
    /// </summary>
    public const string AddGenerationPrompt = "add_generation_prompt";

    /// <summary>Tokens of the answer at least, an int. As vLLM calls it.</summary>
    public const string MinimumNewTokens = "min_tokens";

    /// <summary>True: log-probabilities of the answer's tokens come with it, under this same name. As OpenAI calls it.</summary>
    public const string LogProbabilities = "logprobs";

    /// <summary>For how many of the likeliest tokens, besides each chosen one; an int, 0 or more, with <see cref="LogProbabilities"/> only. As OpenAI calls it.</summary>
    public const string TopLogProbabilities = "top_logprobs";

    /// <summary>
    /// Log-probabilities of the prompt's own tokens, and for how many of the likeliest tokens at each place; an int, 0 or more. They come in the response, and in the first update of a stream, under this same name. With it
    /// MaxOutputTokens may be 0. As vLLM calls it.
    /// </summary>
    public const string PromptLogProbabilities = "prompt_logprobs";

    /// <summary>Added to the scores of tokens, by token id: a dictionary of numbers by ints, or a JSON object whose names are ids. As OpenAI calls it.</summary>
    public const string LogitBias = "logit_bias";

    /// <summary>Tokens at least this times as likely as the likeliest only; 0 to 1. As vLLM calls it.</summary>
    public const string MinP = "min_p";

    /// <summary>Locally typical sampling; more than 0 and at most 1, which means all. As transformers call it.</summary>
    public const string TypicalP = "typical_p";

    /// <summary>Tokens at most this many standard deviations below the likeliest only; 0 or more. As llama.cpp calls it.</summary>
    public const string TopNSigma = "top_n_sigma";

    /// <summary>Divides the scores of tokens seen before; more than 0, of which 1 changes nothing. As vLLM and transformers call it.</summary>
    public const string RepetitionPenalty = "repetition_penalty";

    /// <summary>No run of this many tokens comes twice; an int, of which 0 means that they may. As transformers call it.</summary>
    public const string NoRepeatNGramSize = "no_repeat_ngram_size";

    /// <summary>Texts, strings, whose tokens the answer must not hold one after another. As vLLM calls it.</summary>
    public const string BadWords = "bad_words";

    /// <summary>The answer is one of these texts, strings; not together with <see cref="Pattern"/> or a response format in JSON. As vLLM called it.</summary>
    public const string Choices = "guided_choice";

    /// <summary>The answer is a text that this pattern, a string, matches as a whole; of ECMAScript's patterns the regular part. Not together with <see cref="Choices"/> or a response format in JSON. As vLLM called it.</summary>
    public const string Pattern = "guided_regex";

    /// <summary>Further tokens that end the answer, as ints. As vLLM calls it.</summary>
    public const string StopTokenIds = "stop_token_ids";

    /// <summary>True: the model's own tokens do not end the answer. As vLLM calls it.</summary>
    public const string IgnoreEndOfSentence = "ignore_eos";

    /// <summary>Requests with a lower number are begun first; an int, 0 where there is none. As vLLM calls it, with its meaning.</summary>
    public const string Priority = "priority";

    /// <summary>Only requests with the same text share what was computed for their beginnings, so that their times tell nobody else about them; a string, not empty. As vLLM calls it.</summary>
    public const string CacheSalt = "cache_salt";

    /// <summary>
    /// False: what a model thinks stays in the answer's text, tags and all; true: it comes apart, as <c>TextReasoningContent</c>, as it does by default with models that think. As SGLang calls it.
    /// </summary>
    public const string SeparateReasoning = "separate_reasoning";

    /// <summary>How positions are remapped for this request (Self-Extend, dual chunk attention), a <c>PositionRemapping</c> of the library. The library's own.</summary>
    public const string PositionRemapping = "longcontext_position_remapping";

    /// <summary>How a prompt that is too long is cut in its middle, template included, before anything else; a <c>TokenTruncation</c> of the library, with a <c>MaximumTokens</c> of <see cref="int.MaxValue"/> for what the window leaves beside the answer. The library's own.</summary>
    public const string TokenTruncation = "longcontext_token_truncation";

    /// <summary>
    /// Blanks in an answer that is held to a JSON schema, a <c>JsonWhitespace</c> of the library or its name: "none", or "limited" as models are used to write. Where nobody says: none where the schema is strict
    /// (<see cref="StrictSchema"/>), else limited. The library's own.
    /// </summary>
    public const string JsonWhitespace = "longcontext_json_whitespace";

    /// <summary>
    /// Whether the JSON schema of an answer is strict, true or false: then there are no blanks in it where nobody says otherwise. The same as the additional property "strict", which counts where this is absent, but of functions says
    /// nothing. The library's own.
    /// </summary>
    public const string StrictSchema = "longcontext_strict_schema";

    /// <summary>In a response: the <c>TokenCut</c> that <see cref="TokenTruncation"/> took out of the prompt, counted in the prompt as it was; absent where it is whole. The library's own.</summary>
    public const string PromptCut = "longcontext_prompt_cut";

    /// <summary>
    /// True: where <see cref="TokenTruncation"/> took something out of the prompt, the text that the model reads in its place comes in the response, and in the first update of a stream, under this same name; a string,
    /// without what is put before every text, absent where the prompt is whole. The library's own.
    /// </summary>
    public const string PromptText = "longcontext_prompt_text";

    /// <summary>In a response: the largest number of tokens whose keys and values <see cref="TokenDropping"/> dropped, an int; absent for none. The library's own.</summary>
    public const string DroppedTokens = "longcontext_dropped_tokens";

    /// <summary>
    /// In a response: the token that ended the answer and is no part of it, with its log-probability; a <c>ChatLogProbability</c> of the library, where <see cref="LogProbabilities"/> are asked for and such
    /// a token ended it. The library's own.
    /// </summary>
    public const string StopToken = "longcontext_stop_token";

    /// <summary>Which keys and values are dropped (attention sinks and a window, a choice of the prompt), a <c>TokenDropping</c> of the library. The library's own.</summary>
    public const string TokenDropping = "longcontext_token_dropping";
}
