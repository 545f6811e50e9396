using System.Runtime.CompilerServices;
using System.Text;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>One answer on its way: tokens become text, and stop strings end it.</summary>
internal sealed class ChatAnswer(ITokenGenerator generator, Tokenizer tokenizer, ChatRequest request)
{
    /// <summary>Tokens of the prompt that are decoded before a continuation, so that its first blank is not taken for the text's beginning.</summary>
    private const int TokensBefore = 8;

    /// <summary>What was decoded so far, where calls of functions are told apart.</summary>
    private readonly StringBuilder? decoded = request.ToolCalls is null ? null : new StringBuilder();

    private bool endedByToken;

    /// <summary>Tokens of the answer made so far.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Tokens that the model has made so far, with the one that ended the answer where one did.</summary>
    public int MadeTokens => TokenCount + (endedByToken ? 1 : 0);

    /// <summary>What was used for it, known from its first token on.</summary>
    public GenerationUsage Usage { get; } = new();

    /// <summary>Why it ended, once it has.</summary>
    public ChatFinishReason FinishReason { get; private set; }

    /// <summary>The token that ended it, once it has; null where none did, and where nobody asked for log-probabilities.</summary>
    public ChatLogProbability? StopToken { get; private set; }

    /// <summary>The text in pieces of whole characters, none empty but for tokens without text in the end. To be read once.</summary>
    public async IAsyncEnumerable<ChatPiece> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        GenerationOptions options = request.Request.Options;
        TokenStreamDecoder decoder = Decoder(tokenizer);
        if (request.Continues)
        {
            foreach (int token in Last(request.Request.Prompt.Span)) decoder.Add(token);
        }

        var stops = new StopStringFilter(request.StopStrings);
        LogProbabilityTrack? track = options.LogProbabilities is null ? null : new LogProbabilityTrack(TokenTexts.Of(tokenizer));
        int given = 0;
        await using IAsyncEnumerator<GeneratedToken> tokens = generator.GenerateAsync(request.Request, Usage, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(tokens).ConfigureAwait(false))
        {
            GeneratedToken token = tokens.Current;
            TokenCount++;
            string text = request.SpelledOut.TryGetValue(token.Id, out string? special) ? decoder.Flush() + special : decoder.Add(token.Id);
            decoded?.Append(text);
            track?.Add(token);
            track?.Decoded(text.Length);
            // What must be there at least is not searched for an end.
            string ready = TokenCount <= options.MinimumNewTokens ? text : stops.Add(text);
            Usage.IsEnough = stops.Stopped;
            if (ready.Length > 0) yield return Piece(ready);
            if (!stops.Stopped) continue;
            FinishReason = ChatFinishReason.Stop;
            yield break;
        }

        string left = decoder.Flush();
        // The limit may fall between the tokens of one character: half of it is no text, and no mark of a damaged one either.
        if (TokenCount >= options.MaximumNewTokens) left = left.TrimEnd('\uFFFD');
        track?.Decoded(left.Length);
        string rest = stops.Add(left) + stops.Flush();
        if (rest.Length > 0) yield return Piece(rest);
        if (!stops.Stopped && track?.Rest() is { } last) yield return new ChatPiece("", last);
        if (Usage.StopToken is { } end)
        {
            endedByToken = true;
            if (!stops.Stopped) StopToken = track?.End(end);
        }

        // A form may be complete with the last token that there may be.
        bool isCut = Usage.FinishReason is { } reason ? reason == GenerationFinishReason.Length : TokenCount >= options.MaximumNewTokens;
        FinishReason = isCut && !stops.Stopped ? ChatFinishReason.Length : ChatFinishReason.Stop;

        ChatPiece Piece(string text) => new(text, track?.Before(given += text.Length));
    }

    /// <summary>Whether what follows a prompt is decoded behind text of it: special tokens alone are none.</summary>
    public static bool IsBehindText(Tokenizer tokenizer, ReadOnlySpan<int> prompt)
    {
        TokenStreamDecoder decoder = Decoder(tokenizer);
        bool hasText = false;
        foreach (int token in Last(prompt)) hasText |= decoder.Add(token).Length > 0;
        return hasText || decoder.Flush().Length > 0;
    }

    private static TokenStreamDecoder Decoder(Tokenizer tokenizer) => tokenizer is HuggingFaceTokenizer own ? new(own, skipSpecialTokens: true) : new(tokenizer);

    private static ReadOnlySpan<int> Last(ReadOnlySpan<int> prompt) => prompt[Math.Max(0, prompt.Length - TokensBefore)..];

    /// <summary>The next token; of a grammar of several functions' schemas that cannot be followed, the fault names the one.</summary>
    private async ValueTask<bool> NextAsync(IAsyncEnumerator<GeneratedToken> tokens)
    {
        try
        {
            return await tokens.MoveNextAsync().ConfigureAwait(false);
        }
        catch (NoTokenAllowedException e) when (e.IsOfGrammar && decoded is not null && OpenCall.Name(request.ToolCalls!, decoded.ToString()) is { } name)
        {
            throw new NoTokenAllowedException($"The arguments of the function \"{name}\" cannot be held to its schema: {e.Message}", e) { IsOfGrammar = true, FunctionName = name };
        }
    }
}
