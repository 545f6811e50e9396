namespace LongContext.Data.Making;

/// <summary>The three kinds of denoising of UL2.</summary>
public enum DenoisingMode
{
    /// <summary>R: short gaps, few of them, as T5 was trained; the released models call it [NLU].</summary>
    Regular,

    /// <summary>X: long gaps or many; the released models call it [NLG].</summary>
    Extreme,

    /// <summary>S: the text's end is to be written from its beginning; the released models call it [S2S].</summary>
    Sequential,
}
