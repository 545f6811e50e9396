using System.Text;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Small models that read bytes and ChatML's special tokens, and clients over them.</summary>
internal static class ChatModels
{
    public const string Begin = "<s>";

    /// <summary>Window of the models.</summary>
    public const int Window = 512;

    public static ChatFormat Format { get; } = ChatFormat.Named("chatml");

    public static HuggingFaceTokenizer Tokenizer { get; } = Create();

    public static int EndOfTurn { get; } = Tokenizer.TryGetTokenId("<|im_end|>", out int id) ? id : throw new InvalidOperationException();

    /// <summary>A byte-level tokenizer; pieces are tokens that only a model makes, since no merge leads to them.</summary>
    public static HuggingFaceTokenizer Create(params IEnumerable<string> pieces)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Write(folder.Path, pieces);
        return HuggingFaceTokenizer.Load(folder.Path);
    }

    public static void Write(string folder, params IEnumerable<string> pieces)
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++) vocabulary[Alphabet((byte)value).ToString()] = vocabulary.Count;
        foreach (string piece in pieces) vocabulary[string.Concat(Encoding.UTF8.GetBytes(piece).Select(Alphabet))] = vocabulary.Count;
        string[] special = [Begin, "<|im_start|>", "<|im_end|>", "<|endoftext|>"];
        int first = vocabulary.Count;
        var json = new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. special.Select((token, i) => new JsonObject
            {
                ["id"] = first + i, ["content"] = token, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            })]),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(
                    new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = Begin, ["type_id"] = 0 } },
                    new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } }),
                ["pair"] = new JsonArray(),
                ["special_tokens"] = new JsonObject { [Begin] = new JsonObject { ["id"] = Begin, ["ids"] = new JsonArray(first), ["tokens"] = new JsonArray(Begin) } },
            },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"bos_token": "<s>", "eos_token": "<|endoftext|>"}""");
    }

    public static CausalLanguageModel Model(RopeScaling? scaling = null, ModelLoadOptions? options = null, int vocabulary = 300, int window = Window) =>
        CausalLanguageModel.Create(
            TinyModels.Config() with { VocabularySize = vocabulary, MaxPositionEmbeddings = window, OriginalMaxPositionEmbeddings = window, RopeScaling = scaling ?? RopeScaling.None, EndOfSentenceTokenIds = [259] },
            7, options);

    /// <summary>A client whose answers are a script's tokens.</summary>
    public static LongContextChatClient Scripted(
        CausalLanguageModel model, ScriptedGenerator generator, HuggingFaceTokenizer? tokenizer = null, ChatFormat? format = null, LongContextChatClientOptions? options = null) =>
        new(model, tokenizer ?? Tokenizer, format, options, generator);

    public static int[] Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];

    /// <summary>GPT-2's character for a byte.</summary>
    private static char Alphabet(byte value)
    {
        return Prints(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(other => !Prints((byte)other)));

        static bool Prints(byte b) => b is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
    }
}
