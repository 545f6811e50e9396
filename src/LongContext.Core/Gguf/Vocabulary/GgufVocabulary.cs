namespace LongContext.Gguf.Vocabulary;

/// <summary>A Hugging Face tokenizer in the form in which llama.cpp takes it: metadata under <c>tokenizer</c>.</summary>
internal sealed class GgufVocabulary
{
    private const string FileName = "tokenizer.json";

    private readonly TokenizerJson tokenizer;
    private readonly string[] texts;
    private readonly int[] kinds;
    private readonly float[] scores;
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);

    private GgufVocabulary(TokenizerJson tokenizer, int size)
    {
        this.tokenizer = tokenizer;
        texts = new string[size];
        kinds = new int[size];
        scores = new float[size];
        foreach ((string text, int id) in tokenizer.Tokens) Put(id, text, GgufTokenKind.Normal);
        IsByteLevel = PreTokenizerName.IsByteLevel(tokenizer);
        if (!IsByteLevel) MarkBytes();
        foreach ((int id, string text, bool isSpecial, _) in tokenizer.Added)
            Put(id, text, text == tokenizer.UnknownToken ? GgufTokenKind.Unknown : isSpecial ? GgufTokenKind.Control : GgufTokenKind.UserDefined);
        if (!IsByteLevel) PutScores();
        for (int id = 0; id < size; id++)
        {
            if (texts[id] is null) Put(id, $"[PAD{id}]", GgufTokenKind.Unused);
        }
    }

    /// <summary>Whether it is byte-level ("gpt2" in llama.cpp) rather than SentencePiece-style ("llama").</summary>
    public bool IsByteLevel { get; }

    /// <summary>Whether special tokens swallow the white space after them, as Phi-3's do.</summary>
    public bool StripsAfterSpecialTokens => tokenizer.Added.Any(token => token.IsSpecial && token.StripsRight);

    /// <summary>Reads tokenizer.json.</summary>
    /// <param name="folder">The folder it lies in.</param>
    /// <param name="size">Rows of the model's embedding; rows beyond the tokenizer's are filled with unused tokens.</param>
    /// <exception cref="InvalidDataException">The file is not what it must be, or has an id beyond the embedding.</exception>
    /// <exception cref="NotSupportedException">A part that llama.cpp has no counterpart for; the message names it.</exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    public static GgufVocabulary Read(string folder, int size)
    {
        string path = Path.Combine(folder, FileName);
        return new GgufVocabulary(TokenizerJson.Parse(path, File.ReadAllBytes(path)), size);
    }

    /// <summary>The id of a token; null where there is none of that text.</summary>
    public int? Find(string? text) => text is not null && ids.TryGetValue(text, out int id) ? id : null;

    /// <summary>Writes tokens, merges or scores, and how text is split.</summary>
    public void WriteTo(GgufMetadata metadata)
    {
        metadata.Set("tokenizer.ggml.model", IsByteLevel ? "gpt2" : "llama");
        metadata.Set("tokenizer.ggml.pre", IsByteLevel ? PreTokenizerName.Read(tokenizer) : "default");
        metadata.Set("tokenizer.ggml.tokens", texts);
        if (!IsByteLevel) metadata.Set("tokenizer.ggml.scores", scores);
        metadata.Set("tokenizer.ggml.token_type", kinds);
        if (IsByteLevel) metadata.Set("tokenizer.ggml.merges", tokenizer.Merges.Select(merge => $"{merge.Left} {merge.Right}").ToArray());
        else metadata.Set("tokenizer.ggml.add_space_prefix", SentencePieceForm.ReadSpacePrefix(tokenizer));
        SequenceEnds ends = SequenceEnds.Read(tokenizer);
        metadata.Set("tokenizer.ggml.add_bos_token", ends.Before is not null);
        metadata.Set("tokenizer.ggml.add_eos_token", ends.After is not null);
    }

    /// <summary>Writes the ids of special tokens.</summary>
    /// <param name="metadata">Where to.</param>
    /// <param name="config">The roles by tokenizer_config.json.</param>
    /// <param name="beginning">The model config's id for the beginning, for a tokenizer that names none.</param>
    /// <param name="ends">The model config's ids that end a text, for a tokenizer that names none.</param>
    public void WriteSpecialIds(GgufMetadata metadata, TokenizerConfigJson config, int? beginning, IReadOnlyList<int> ends)
    {
        SequenceEnds around = SequenceEnds.Read(tokenizer);
        int? first = Find(around.Before) ?? Find(config.Role("bos_token")) ?? beginning;
        int? last = Find(around.After) ?? Find(config.Role("eos_token")) ?? (ends.Count > 0 ? ends[0] : null);
        Set("bos", first);
        // Others that end a text, such as Llama 3's, llama.cpp knows by their texts; its key for one more would make it the end of a turn.
        Set("eos", last);
        Set("unknown", Find(config.Role("unk_token")) ?? Find(tokenizer.UnknownToken));
        Set("padding", Find(config.Role("pad_token")));

        void Set(string role, int? id)
        {
            if (id is { } known) metadata.Set($"tokenizer.ggml.{role}_token_id", (uint)known);
        }
    }

    private void Put(int id, string text, GgufTokenKind kind)
    {
        if (id >= texts.Length)
        {
            throw new InvalidDataException(
                $"{tokenizer.File}: token \"{text}\" has id {id}, but the model has {texts.Length} rows; resize its embedding or use its own tokenizer.");
        }

        (texts[id], kinds[id], ids[text]) = (text, (int)kind, id);
    }

    private void MarkBytes()
    {
        if (!tokenizer.ByteFallback)
            throw tokenizer.Root.Required("model").Unsupported("a byte pair encoding without byte_fallback or ByteLevel in a GGUF file", "one of the two");
        int found = 0;
        foreach ((string text, int id) in tokenizer.Tokens)
        {
            if (SentencePieceScores.ByteOf(text) is null) continue;
            kinds[id] = (int)GgufTokenKind.Byte;
            found++;
        }

        if (found != 256)
            throw new InvalidDataException($"{tokenizer.File}: there are {found} tokens of the form <0x00>, expected 256 with byte_fallback.");
    }

    /// <summary>
    /// Special tokens are cut out of the text before it is merged, and so are other added ones but for those with ▁, which spaces turn into
    /// only later: Gemma lists its runs of spaces so.
    /// </summary>
    private void PutScores()
    {
        List<string> pieces = [.. tokenizer.Tokens.Keys.Where(text => Kind(text) is not (GgufTokenKind.Control or GgufTokenKind.Unknown))];
        float[] computed = new SentencePieceScores(tokenizer).Compute(
            pieces, text => Kind(text) == GgufTokenKind.UserDefined && !text.Contains(SentencePieceForm.Space, StringComparison.Ordinal));
        for (int i = 0; i < pieces.Count; i++) scores[tokenizer.Tokens[pieces[i]]] = computed[i];

        GgufTokenKind Kind(string text) => (GgufTokenKind)kinds[tokenizer.Tokens[text]];
    }
}
