using System.Runtime.CompilerServices;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>One answer on its way: tokens become text, and stop strings end it.</summary>
internal sealed class ChatAnswer(ITokenGenerator generator, Tokenizer tokenizer, ChatRequest request)
{
    /// <summary>Tokens of the prompt that are decoded before a continuation, so that its first blank is not taken for the text's beginning.</summary>
    private const int TokensBefore = 8;

    /// <summary>Tokens made so far.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Why it ended, once it has.</summary>
    public ChatFinishReason FinishReason { get; private set; }

    /// <summary>The text in pieces of whole characters, none empty. To be read once.</summary>
    public async IAsyncEnumerable<string> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TokenStreamDecoder decoder = tokenizer is HuggingFaceTokenizer own ? new(own, skipSpecialTokens: true) : new(tokenizer);
        if (request.Continues)
        {
            foreach (int token in request.Prompt.TakeLast(TokensBefore)) decoder.Add(token);
        }

        var stops = new StopStringFilter(request.StopStrings);
        await foreach (int token in generator.GenerateAsync(request.Prompt, request.Generation, cancellationToken).ConfigureAwait(false))
        {
            TokenCount++;
            string text = decoder.Add(token);
            // What must be there at least is not searched for an end.
            string ready = TokenCount <= request.Generation.MinimumNewTokens ? text : stops.Add(text);
            if (ready.Length > 0) yield return ready;
            if (!stops.Stopped) continue;
            FinishReason = ChatFinishReason.Stop;
            yield break;
        }

        string left = decoder.Flush();
        // The limit may fall between the tokens of one character: half of it is no text, and no mark of a damaged one either.
        if (TokenCount >= request.Generation.MaximumNewTokens) left = left.TrimEnd('\uFFFD');
        string rest = stops.Add(left) + stops.Flush();
        if (rest.Length > 0) yield return rest;
        FinishReason = stops.Stopped || TokenCount < request.Generation.MaximumNewTokens ? ChatFinishReason.Stop : ChatFinishReason.Length;
    }
}
