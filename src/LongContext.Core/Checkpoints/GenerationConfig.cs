using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>
/// What <c>generation_config.json</c> of a Hugging Face folder says: the tokens that end an answer, and how the model's makers suggest that tokens are chosen.
/// </summary>
/// <remarks>
/// The names are those of transformers' <c>GenerationConfig</c>. Values that the file does not state are null, whatever transformers would take in their place. Fields that are not known are left
/// unheeded; <see cref="UnusedFields"/> names those that would change answers in transformers and have no counterpart here.
/// </remarks>
public sealed partial record GenerationConfig
{
    /// <summary>The file's name.</summary>
    internal const string FileName = "generation_config.json";

    /// <summary>Tokens that end an answer (<c>eos_token_id</c>, one number or several). They come on top of config.json's. Default none.</summary>
    public IReadOnlyList<int> EndOfSentenceTokenIds { get; init; } = [];

    /// <summary>Whether tokens are drawn (<c>do_sample</c>). False, the default as in transformers, takes the likeliest token whatever temperature, top-k, top-p and their like say.</summary>
    public bool DoSample { get; init; }

    /// <summary>What logits are divided by (<c>temperature</c>), 0 or more; null where the file does not say.</summary>
    public double? Temperature { get; init; }

    /// <summary>How many of the likeliest tokens are drawn among (<c>top_k</c>), 0 for all; null where the file does not say.</summary>
    public int? TopK { get; init; }

    /// <summary>The share of probability that is drawn from (<c>top_p</c>), 0 to 1; null where the file does not say.</summary>
    public double? TopP { get; init; }

    /// <summary>The least probability beside the likeliest token's (<c>min_p</c>), 0 to 1; null where the file does not say.</summary>
    public double? MinP { get; init; }

    /// <summary>The share of locally typical tokens (<c>typical_p</c>), more than 0 and at most 1; null where the file does not say.</summary>
    public double? TypicalP { get; init; }

    /// <summary>What divides the logits of tokens seen before (<c>repetition_penalty</c>), more than 0; null where the file does not say.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>The length of token sequences that come once at most (<c>no_repeat_ngram_size</c>), 0 for none; null where the file does not say.</summary>
    public int? NoRepeatNGramSize { get; init; }

    /// <summary>Tokens of an answer at most (<c>max_new_tokens</c>); null where the file does not say.</summary>
    public int? MaximumNewTokens { get; init; }

    /// <summary>Tokens of prompt and answer together at most (<c>max_length</c>), where <see cref="MaximumNewTokens"/> is null; null where the file does not say.</summary>
    public int? MaximumLength { get; init; }

    /// <summary>Tokens of an answer at least (<c>min_new_tokens</c>); null where the file does not say.</summary>
    public int? MinimumNewTokens { get; init; }

    /// <summary>Token sequences that an answer must not hold (<c>bad_words_ids</c>). Default none.</summary>
    public IReadOnlyList<IReadOnlyList<int>> BadWordIds { get; init; } = [];

    /// <summary>Tokens that are never chosen (<c>suppress_tokens</c>). Default none.</summary>
    public IReadOnlyList<int> SuppressedTokenIds { get; init; } = [];

    /// <summary>Fields that the file sets to something that would change answers in transformers, and that have no counterpart here, such as <c>num_beams</c>; in ordinal order. Default none.</summary>
    public IReadOnlyList<string> UnusedFields { get; init; } = [];

    /// <summary>Reads a file.</summary>
    /// <param name="folderOrFile">A model's folder, or the file itself.</param>
    /// <exception cref="FileNotFoundException">There is no such file, or no folder of that name.</exception>
    /// <exception cref="CheckpointFormatException">The folder has no such file, or it is not what it must be; the message names file and field.</exception>
    public static GenerationConfig Load(string folderOrFile)
    {
        ArgumentException.ThrowIfNullOrEmpty(folderOrFile);
        if (!Directory.Exists(folderOrFile)) return Read(CheckpointJson.ReadObject(folderOrFile, MaximumBytes), folderOrFile);
        return LoadIfPresent(folderOrFile) ?? throw new CheckpointFormatException($"{folderOrFile}: the folder has no {FileName}.");
    }

    /// <summary>Reads a folder's file; many models have none.</summary>
    /// <param name="folder">A model's folder.</param>
    /// <returns>What it says; null where the folder has none.</returns>
    /// <exception cref="CheckpointFormatException">The file is not what it must be; the message names file and field.</exception>
    public static GenerationConfig? LoadIfPresent(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string path = Path.Combine(folder, FileName);
        return File.Exists(path) ? Read(CheckpointJson.ReadObject(path, MaximumBytes), path) : null;
    }

    /// <summary>Reads text.</summary>
    /// <param name="json">The text: one JSON object.</param>
    /// <param name="sourceName">Where it comes from, for messages.</param>
    /// <exception cref="CheckpointFormatException">The text is not what it must be; the message names source and field.</exception>
    public static GenerationConfig Parse(string json, string sourceName)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentException.ThrowIfNullOrEmpty(sourceName);
        if (json.Length > MaximumBytes) throw new CheckpointFormatException($"{sourceName}: the text has {json.Length} characters, expected at most {MaximumBytes}.");
        JsonObject parsed = CheckpointJson.ParseObject(json, sourceName);
        return Read(parsed, sourceName);
    }
}
