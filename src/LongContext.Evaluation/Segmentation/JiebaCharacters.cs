namespace LongContext.Evaluation.Segmentation;

/// <summary>The kinds of characters that jieba 0.42.1 cuts text into blocks by.</summary>
internal static class JiebaCharacters
{
    /// <summary>The Chinese characters that it knows, all in the first plane.</summary>
    public const char FirstHan = '\u4E00', LastHan = '\u9FD5';

    public static bool IsHan(char c) => c is >= FirstHan and <= LastHan;

    /// <summary>What may be a part of a word; all else stands alone.</summary>
    public static bool IsInBlock(char c) => IsHan(c) || char.IsAsciiLetterOrDigit(c) || c is '+' or '#' or '&' or '.' or '_' or '%' or '-';
}
