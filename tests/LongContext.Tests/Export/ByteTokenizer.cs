using System.Text.Json.Nodes;

namespace LongContext.Tests.Export;

/// <summary>A byte-level tokenizer of single bytes, for models that have none: llama.cpp's callers want one in the file.</summary>
internal static class ByteTokenizer
{
    /// <summary>Makes the folder and writes tokenizer.json.</summary>
    /// <returns>The folder.</returns>
    public static string Write(string folder, int size)
    {
        Directory.CreateDirectory(folder);
        var tokens = new JsonObject();
        // The line feed is the one byte that llama.cpp asks for; the rest may be missing.
        for (int id = 0; id < Math.Min(size, 256); id++) tokens[Alphabet((byte)(id + '\n')).ToString()] = id;
        var json = new JsonObject
        {
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = tokens, ["merges"] = new JsonArray() },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
        return folder;
    }

    /// <summary>GPT-2's character for a byte: itself where it prints, else the next free one from U+0100.</summary>
    private static char Alphabet(byte value)
    {
        return Prints(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(other => !Prints((byte)other)));

        static bool Prints(byte b) => b is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
    }
}
