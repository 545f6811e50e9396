using LongContext.Models;

namespace LongContext.Export;

/// <summary>The model's name in the file where none is given.</summary>
internal static class GgufName
{
    /// <summary>The names that llama.cpp looks for to let special tokens swallow the white space after them.</summary>
    private static readonly string[] Marks = ["phi-3", "phi3"];

    /// <param name="model">The model, whose folder gives the name.</param>
    /// <param name="stripsAfterSpecialTokens">Whether its tokenizer does that; llama.cpp knows it by the name alone.</param>
    public static string Of(CausalLanguageModel model, bool stripsAfterSpecialTokens)
    {
        string folder = model.SourceFolder is { } source ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source))) : "";
        string name = folder.Length > 0 ? folder : model.Config.ModelType;
        bool isMarked = Array.Exists(Marks, mark => name.Contains(mark, StringComparison.OrdinalIgnoreCase));
        if (stripsAfterSpecialTokens == isMarked) return name;
        if (stripsAfterSpecialTokens) return model.Config.ModelType == "phi3" ? $"Phi-3 {name}" : name;
        return Marks.Aggregate(name, (changed, mark) => changed.Replace(mark, "Phi 3", StringComparison.OrdinalIgnoreCase));
    }
}
