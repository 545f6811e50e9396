using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.AspNetCore.Protocol;

/// <summary>What a request has the model go on with, and what it asks about that.</summary>
/// <param name="Field">The field that it came in.</param>
/// <param name="Messages">The messages; one without text where there are tokens.</param>
internal sealed record RequestPrompt(string Field, IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>Which of several prompts in the field it is; null where it is the only one.</summary>
    public int? Place { get; init; }

    /// <summary>The field, with the place where there are several.</summary>
    public string Name => Place is { } place ? $"{Field}[{place}]" : Field;

    /// <summary>The prompt as tokens; null where it is the messages.</summary>
    public int[]? Tokens { get; init; }

    /// <summary>What spells the tokens, once the model is there; null where the prompt is text.</summary>
    public Tokenizer? Tokenizer { get; set; }

    /// <summary>Whether the text given stands before the text that goes on with it.</summary>
    public bool IsEchoed { get; init; }

    /// <summary>Likeliest tokens whose log-probabilities stand beside those of the echoed text's tokens; null where none are wanted.</summary>
    public int? EchoLogprobs { get; init; }

    /// <summary>The same of the prompt's tokens in vLLM's form.</summary>
    public int? Logprobs { get; init; }

    /// <summary>The more of the two; null where neither is wanted.</summary>
    public int? Alternatives => EchoLogprobs is null || Logprobs > EchoLogprobs ? Logprobs : EchoLogprobs;
}
