namespace LongContext.AspNetCore.Protocol;

/// <summary>Log-probabilities of a chat's answer.</summary>
/// <param name="Content">Of the answer's tokens.</param>
/// <param name="Refusal">Of a refusal, which no model here gives apart from its answer: null.</param>
internal sealed record ChatLogprobs(TokenLogprob[] Content, TokenLogprob[]? Refusal = null);

/// <summary>A token of the answer.</summary>
/// <param name="Token">Its text; bytes that are no whole characters show as damaged ones.</param>
/// <param name="Logprob">Natural logarithm of its probability.</param>
/// <param name="Bytes">Its text in UTF-8.</param>
/// <param name="TopLogprobs">The likeliest tokens at its place.</param>
internal sealed record TokenLogprob(string Token, float Logprob, int[] Bytes, TopLogprob[] TopLogprobs);

internal sealed record TopLogprob(string Token, float Logprob, int[] Bytes);

/// <summary>
/// Log-probabilities of text that goes on, one entry for each token in every list; offsets are the characters (code points) of the answer before it, or of the text given and the answer where that is echoed. The first
/// token of all has none.
/// </summary>
internal sealed record TextLogprobs(int[] TextOffset, float?[] TokenLogprobs, string[] Tokens, Dictionary<string, float>?[] TopLogprobs);

/// <summary>How likely a token is at a place of the prompt, in vLLM's form; by its id.</summary>
internal sealed record PromptLogprob(float Logprob, int Rank, string DecodedToken);
