namespace LongContext.Samples.Shared;

/// <summary>QuickStart's word model, which comes with the samples: 1,024 words, a window of 256 tokens.</summary>
internal static class WordModel
{
    /// <summary>Its folder, beside the program.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "BaseModel");
}
