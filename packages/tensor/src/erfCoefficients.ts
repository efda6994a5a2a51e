/**
 * Coefficients of the error function's two approximations, lowest power first. Both are minimax fits (Remez exchange in
 * 45-digit arithmetic); the scalar functions and the WebAssembly routines evaluate the same ones.
 */

/** erf(x)/x − 1 as a polynomial in x², for |x| ≤ 1; error of the fit 7.2e-18. */
export const erfNearZero: readonly number[] = [
  0.12837916709551256, -0.3761263890318355, 0.11283791670945253, -0.02686617064327622, 0.005223977607423468,
  -0.0008548325989696758, 0.00012055295320494294, -1.4924744663335487e-5, 1.6447517677871854e-6, -1.62091759117486e-7,
  1.3722976265924302e-8, -7.801188874097709e-10,
];

/**
 * (1 + 2x)·exp(x²)·erfc(x) as a polynomial in q = (x − 3)/(x + 3), for x in [1/2, 28]; error of the fit 5e-18. The
 * product is smooth and close to 1 on the whole half-line (Shepherd and Laframboise, "Chebyshev approximation of
 * (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞", Math. Comp. 36, 1981).
 */
export const scaledComplement: readonly number[] = [
  1.2530080582697296, -0.1356211061245813, -0.04756229435344994, 0.12964515870277962, -0.11927366341536473,
  0.06830802734321532, -0.023770514917042622, 0.0025293918301559242, 0.0018886903342466167, -0.0007798324152437159,
  -0.00010515956421688716, 0.00012510022549368962, 4.948072384311864e-6, -2.0103890563780398e-5, -7.260396248609211e-7,
  3.480304907512191e-6, 3.4317366814154263e-7, -6.27812144413553e-7, -1.2021196463598086e-7, 1.0997083949516168e-7,
  2.2359529936294624e-8, -1.4741363641200422e-8,
];

/** What the constant coefficient of `scaledComplement` loses to rounding. */
export const scaledComplementLow = 4.2391187857396125e-17;
