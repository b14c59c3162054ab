/** What is used of nd4js, which comes without types. */
declare module "nd4js" {
  interface NDArray {
    readonly data: ArrayLike<number>;
  }
  const nd: {
    array(dtype: "float64", rows: readonly (readonly number[])[]): NDArray;
    readonly la: {
      /** U, singular values in descending order, V^T. */
      svd_jac_2sided(matrix: NDArray): readonly [NDArray, NDArray, NDArray];
    };
  };
  export default nd;
}
