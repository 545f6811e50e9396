using System.Diagnostics.CodeAnalysis;
using LongContext.Chat;
using LongContext.Packing;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Examples;

/// <summary>Turns examples into tokens, and says which of them the loss counts. Immutable: several threads may use one.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>A <see cref="TextExample"/> begins as the tokenizer begins a text (with Llama's beginning-of-sentence token, say) and ends with the
/// end-of-sentence token; every token counts.</item>
/// <item>
/// A <see cref="PromptExample"/> is the prompt's tokens, begun likewise, exactly as a program that asks the model gets them; then the completion's, as the tokenizer
/// would go on after them; then the end-of-sentence token. Completion and end count (the prompt only where it says so). The two are encoded apart, so the border is always one between tokens: a text in
/// one piece may have a token across it (a blank at the prompt's end that belongs to the completion's first word), which the model never sees when it is asked.
/// </item>
/// <item>A <see cref="SegmentsExample"/> is begun and ended as a text and encoded in one piece; a token counts if it begins in a piece that counts, the
/// end if the last piece does.</item>
/// <item>A <see cref="ChatExample"/> is written by the <see cref="ChatFormat"/> and encoded as <see
/// cref="ChatText.Encode(Microsoft.ML.Tokenizers.Tokenizer)"/> does: answers with their calls and end-of-turn tokens count.</item>
/// </list>
/// <para>Special tokens that are spelled out in a text ("&lt;/s&gt;") are encoded as such, as Hugging Face's tokenizers do. How long a sequence may be is
/// the packer's matter.</para>
/// </remarks>
public sealed class ExampleEncoder
{
    private readonly HuggingFaceTokenizer tokenizer;
    private readonly ChatFormat? format;
    private readonly ExampleEncoderOptions options;
    private readonly ContinuationEncoder continuations;
    private readonly Lazy<string> identity;

    /// <summary>Makes an encoder.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="format">How conversations are written, for example of <see cref="ChatFormat.Load"/>; null (the default) where there are none.</param>
    /// <param name="options">What is not to be as usual; null for nothing.</param>
    /// <exception cref="ArgumentException">
    /// Options cannot be used, where the message lists all that cannot; or the tokenizer lacks the token that ends every answer of the format, which would become letters that no model stops at.
    /// </exception>
    public ExampleEncoder(HuggingFaceTokenizer tokenizer, ChatFormat? format = null, ExampleEncoderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new ExampleEncoderOptions();
        SettingsFaults.Throw(nameof(ExampleEncoderOptions), options.FaultsOfSettings(), nameof(options));
        format?.FindStopTokenIds(tokenizer);
        this.tokenizer = tokenizer;
        this.format = format;
        this.options = options;
        continuations = new ContinuationEncoder(tokenizer);
        identity = new Lazy<string>(() => EncoderIdentity.Find(tokenizer, format, options));
    }

    /// <summary>
    /// Names tokenizer (by the content of its files), chat format (by how it writes a conversation) and options: two encoders of the same identity make the same
    /// tokens of the same example. For states and caches.
    /// </summary>
    public string Identity => identity.Value;

    /// <summary>The tokens of an example.</summary>
    /// <param name="example">The example.</param>
    /// <returns>The tokens with their loss mask (an empty one where all count).</returns>
    /// <exception cref="ArgumentException">
    /// The example has no token that can be learned, is a conversation that the format refuses (one with tools where it has no place for them among others), or is one and there is no format; the message says where the example was read.
    /// </exception>
    public TokenSequence Encode(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        try
        {
            TokenSequence sequence = EncodeUnchecked(example);
            return sequence.CountTargets() > 0 ? sequence : throw new ArgumentException("there is nothing to learn in it: no token that counts has one before it");
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException or NotSupportedException)
        {
            string which = example.Origin is { } origin ? $"The example of {origin}" : "The example";
            throw new ArgumentException($"{which} cannot be encoded: {fault.Message}", nameof(example), fault);
        }
    }

    /// <summary>The tokens of an example, or why it has none: for data in which some examples cannot be encoded and are to be passed over.</summary>
    /// <param name="example">The example.</param>
    /// <param name="sequence">The tokens with their loss mask, or null.</param>
    /// <param name="fault">What <see cref="Encode"/> would throw, naming the place where the example was read; null where there are tokens.</param>
    /// <returns>Whether there are tokens.</returns>
    public bool TryEncode(TrainingExample example, [NotNullWhen(true)] out TokenSequence? sequence, [NotNullWhen(false)] out DataFormatException? fault)
    {
        ArgumentNullException.ThrowIfNull(example);
        (sequence, fault) = (null, null);
        try
        {
            sequence = Encode(example);
            return true;
        }
        catch (ArgumentException thrown)
        {
            string reason = thrown.InnerException?.Message ?? thrown.Message;
            fault = example.Origin is { } origin ? new DataFormatException(origin.Path, origin.Number, reason, thrown, origin.Unit) : new DataFormatException(thrown.Message, thrown);
            return false;
        }
    }

    /// <summary>The tokens of an example, whether or not there is one to learn; faults as they come.</summary>
    internal TokenSequence EncodeUnchecked(TrainingExample example) => example switch
    {
        TextExample text => EncodeText(text.Text),
        PromptExample prompt => EncodePrompt(prompt),
        ChatExample chat => EncodeChat(chat),
        SegmentsExample segments => EncodeSegments(segments),
        _ => throw new NotSupportedException($"{example.GetType().Name} is no example that is known here."),
    };

    /// <summary>A text's tokens, and the beginning-of-sentence token among them (the first) or null.</summary>
    internal (int[] Tokens, int? BeginningOfSentence) EncodeWhole(string text)
    {
        int[] tokens = tokenizer.Encode(text, addSpecialTokens: true);
        int? beginning = tokenizer.BeginningOfSentenceId is { } id && tokens is [var first, ..] && first == id ? id : null;
        bool hasText = tokens.Length > (beginning is null ? 0 : 1);
        return (hasText && End(tokens) is { } end ? [.. tokens, end] : tokens, beginning);
    }

    private TokenSequence EncodeText(string text)
    {
        (int[] tokens, _) = text.Length == 0 ? ([], null) : EncodeWhole(text);
        return tokens.Length > 0 ? new TokenSequence(tokens) : throw new ArgumentException("the text has no tokens");
    }

    private TokenSequence EncodePrompt(PromptExample example)
    {
        if (example.Completion.Length == 0) throw new ArgumentException("the completion is empty");
        int[] prompt = tokenizer.Encode(example.Prompt, addSpecialTokens: false);
        int[] completion = example.Prompt.Length == 0 ? tokenizer.Encode(example.Completion, addSpecialTokens: false) : continuations.Encode(example.Completion);
        if (completion.Length == 0) throw new ArgumentException("the completion has no tokens");
        List<int> tokens = [.. tokenizer.Definition.PostProcessor.Before, .. prompt];
        int border = tokens.Count;
        tokens.AddRange(completion);
        tokens.AddRange(tokenizer.Definition.PostProcessor.After);
        if (End(tokens) is { } end) tokens.Add(end);
        if (options.LearnsPrompts || example.PromptCounts) return new TokenSequence(tokens.ToArray());
        bool[] mask = new bool[tokens.Count];
        mask.AsSpan(border).Fill(true);
        return new TokenSequence(tokens.ToArray(), mask);
    }

    private TokenSequence EncodeChat(ChatExample example)
    {
        if (format is null) throw new ArgumentException("it is a conversation, and the encoder has no chat format: give it one (ChatFormat.Load, ChatFormat.Named)");
        ChatRenderOptions? rendering = example.Tools.Count == 0 ? options.Rendering : (options.Rendering ?? ChatRenderOptions.Default) with { Tools = example.Tools };
        return format.Render(example.Turns, rendering).Encode(tokenizer, options.LearnsPrompts);
    }

    private TokenSequence EncodeSegments(SegmentsExample example)
    {
        string text = example.Text;
        IReadOnlyList<EncodedToken> encoded = tokenizer.EncodeToTokens(text, out string? normalized);
        if (encoded.Count == 0) throw new ArgumentException("the text has no tokens");
        List<int> borders = []; // where a piece that counts begins and ends, in turn
        int place = 0;
        foreach (TextSegment segment in example.Segments)
        {
            if ((segment.Counts || options.LearnsPrompts) && segment.Text.Length > 0) borders.AddRange([place, place + segment.Text.Length]);
            place += segment.Text.Length;
        }

        int[] counted = normalized is null ? [.. borders] : NormalizedPositions.Find(text, normalized, [.. borders], tokenizer);
        List<int> tokens = [.. tokenizer.Definition.PostProcessor.Before];
        List<bool> mask = [.. tokens.Select(_ => options.LearnsPrompts)];
        int next = 0;
        foreach (EncodedToken token in encoded)
        {
            int start = token.Offset.Start.Value;
            while (next < counted.Length && counted[next + 1] <= start) next += 2;
            tokens.Add(token.Id);
            mask.Add(next < counted.Length && counted[next] <= start);
        }

        // What ends the text belongs to its last piece.
        bool last = options.LearnsPrompts || example.Segments[^1].Counts;
        tokens.AddRange(tokenizer.Definition.PostProcessor.After);
        if (End(tokens) is { } end) tokens.Add(end);
        while (mask.Count < tokens.Count) mask.Add(last);
        return new TokenSequence(tokens.ToArray(), mask.TrueForAll(counts => counts) ? default(ReadOnlyMemory<bool>) : mask.ToArray());
    }

    /// <summary>The end-of-sentence token where it is to be added.</summary>
    private int? End(IReadOnlyList<int> tokens) =>
        options.AddsEndOfSentence && tokenizer.EndOfSentenceId is { } end && tokens[^1] != end ? end : null;
}
