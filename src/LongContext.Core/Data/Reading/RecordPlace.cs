namespace LongContext.Data.Reading;

/// <summary>Where a reader stands in its file: after <paramref name="Number"/> records.</summary>
/// <param name="Number">Lines, rows or elements passed so far, blank and bad ones too; the next has this number plus 1.</param>
/// <param name="Offset">
/// The reader's own number beside it: of line-based forms the byte of the uncompressed text at which the next record begins, of Parquet
/// for example the row group.
/// </param>
/// <param name="FrameStart">The byte of the file at which the compressed frame that holds <paramref name="Offset"/> begins; 0 where there are none.</param>
/// <param name="FrameText">The byte of the uncompressed text at which that frame's text begins.</param>
internal readonly record struct RecordPlace(long Number, long Offset = 0, long FrameStart = 0, long FrameText = 0)
{
    /// <summary>The place within the text, for <see cref="Compression.DataInput.MoveTo"/>.</summary>
    public Compression.InputFrame Frame => new(FrameStart, FrameText);
}
